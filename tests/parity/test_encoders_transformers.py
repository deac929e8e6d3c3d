"""Folders that transformers writes, read by us: every family with every option that its configuration has."""

import json

import pytest
import torch

from parity.encoder_cases import CASES, CLASSES, SIZES, largest_difference, write_case
from small_encoder import speech
from sonovox.hub import save_weights
from sonovox.models.wav2vec2 import CTCVocabulary, load_wav2vec2

# Float32, sums in another order.
TOLERANCE = 1e-5
ROWS = [(name, family) for name, (families, _) in CASES.items() for family in families]

pytestmark = [
    pytest.mark.peers,
    # WavLM of transformers 5 on torch 2.13.
    pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask:UserWarning"),
]


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize(("name", "family"), ROWS)
def test_hidden_states_and_logits(tmp_path, name, family, padded):
    assert largest_difference(tmp_path / "model", name, family, padded=padded) < TOLERANCE


@pytest.mark.parametrize("family", ["wav2vec2", "hubert", "wavlm"])
@pytest.mark.parametrize("head", ["Model", "ForSequenceClassification", "ForAudioFrameClassification", "ForXVector"])
def test_models_for_other_tasks_give_their_encoder(tmp_path, family, head):
    import transformers

    kind = CLASSES[family]
    if not hasattr(transformers, f"{kind}{head}"):
        pytest.skip(f"transformers has no {kind}{head}")
    model = getattr(transformers, f"{kind}{head}")(getattr(transformers, f"{kind}Config")(**SIZES)).eval()
    model.save_pretrained(tmp_path)
    waves, lengths = speech()
    mask = (torch.arange(waves.shape[1]) < lengths[:, None]).long()
    with torch.no_grad():
        expected = getattr(model, family, model)(waves, attention_mask=mask).last_hidden_state
        found, counts = load_wav2vec2(tmp_path).model(waves, lengths)
    heard = torch.arange(found.shape[1]) < counts[:, None]
    assert (found - expected)[heard].abs().max() < TOLERANCE * expected.abs().max()


TOKENIZERS = [
    ({"<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 3, "|": 4, "E": 5, "T": 6, "'": 7}, {}),
    ({"a": 1, "b": 2, "c": 3, "|": 0, "[UNK]": 4, "[PAD]": 5}, {"pad_token": "[PAD]", "unk_token": "[UNK]"}),
    ({"<pad>": 0, "|": 4, "A": 1, "B": 2, "É": 3, "<unk>": 5}, {"do_lower_case": True}),
    ({"_": 0, "a": 1, "ch": 2, "-": 3, "<pad>": 4, "<unk>": 5}, {"word_delimiter_token": "_"}),
]


@pytest.mark.parametrize(("vocabulary", "options"), TOKENIZERS)
def test_texts_are_those_of_the_tokenizer(tmp_path, vocabulary, options):
    from transformers import Wav2Vec2CTCTokenizer

    (tmp_path / "written.json").write_text(json.dumps(vocabulary))
    theirs = Wav2Vec2CTCTokenizer(tmp_path / "written.json", **options)
    theirs.save_pretrained(tmp_path)
    ours = CTCVocabulary.from_folder(tmp_path, 0, outputs=len(theirs))
    frames = torch.randint(len(theirs), (20, 30), generator=torch.Generator().manual_seed(0)).tolist()
    # Theirs writes special labels, or with skip_special_tokens joins what stands around them.
    special = {index for index, label in enumerate(ours.labels) if label in ours.special} - {ours.blank}
    frames = [[label for label in row if label not in special] for row in frames]
    for row in frames:
        assert ours.text(row) == " ".join(theirs.decode(row).split())


def test_adapters_of_a_language_are_those_that_transformers_loads(tmp_path):
    model = write_case(tmp_path, "adapters of MMS", "wav2vec2")
    weights = {name: tensor + 0.1 for name, tensor in model._get_adapters().items()}
    save_weights(tmp_path / "adapter.fra.safetensors", weights)
    labels = json.loads((tmp_path / "vocab.json").read_text())
    (tmp_path / "vocab.json").write_text(json.dumps({"eng": labels, "fra": labels}))
    theirs = type(model).from_pretrained(tmp_path, target_lang="fra").eval()
    waves, _ = speech((6000, 6000))
    with torch.no_grad():
        expected, (found, _) = theirs(waves).logits, load_wav2vec2(tmp_path, language="fra").model(waves)
        assert not torch.allclose(expected, model(waves).logits, atol=1e-3)
    assert (found - expected).abs().max() < TOLERANCE * expected.abs().max()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_many_small_files_and_halves(tmp_path, dtype):
    model = write_case(tmp_path / "whole", "lv60, XLS-R", "wav2vec2").to(dtype)
    model.save_pretrained(tmp_path / "shards", max_shard_size="10KB")
    (tmp_path / "shards" / "vocab.json").write_text((tmp_path / "whole" / "vocab.json").read_text())
    assert len(list((tmp_path / "shards").glob("model-*.safetensors"))) > 1
    waves, _ = speech((6000, 6000))
    with torch.no_grad():
        expected, (found, _) = model.float()(waves).logits, load_wav2vec2(tmp_path / "shards").model(waves)
    assert (found - expected).abs().max() < TOLERANCE * expected.abs().max()
