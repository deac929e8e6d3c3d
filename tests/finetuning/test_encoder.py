import pytest
import torch

from small_encoder import KINDS, VOCABULARY, speech, write_folder
from sonovox._internal.errors import WeightsError
from sonovox.finetuning.encoder import EncoderDescription, SpellingEncoder, describe_encoder
from sonovox.models.wav2vec2 import load_wav2vec2


def test_it_is_described_without_its_weights(tmp_path):
    folder = write_folder(tmp_path / "small")
    (folder / "model.safetensors").unlink()
    described = describe_encoder(folder)
    assert isinstance(described, EncoderDescription)
    assert str(described) == "wav2vec2, 2 layers of 16, 16000 Hz"


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.5, 2.87])
def test_frames_are_counted_as_the_model_counts_them(encoder, seconds):
    samples = torch.tensor([round(seconds * 16000)])
    expected = int(load_wav2vec2(encoder).model.feature_extractor.frames(samples)) if seconds > 0.02 else 0
    assert describe_encoder(encoder).frames(seconds) == expected


@pytest.mark.parametrize("content", ["{", '{"model_type": "whisper"}'])
def test_other_models_are_refused_before_anything_is_fetched(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(WeightsError):
        describe_encoder(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_each_family_gets_a_head_that_writes(tmp_path, kind):
    model = SpellingEncoder(write_folder(tmp_path / kind, kind), ["a", "b"])
    waves, lengths = speech()
    log_probs = model(waves, lengths / waves.shape[1])
    assert log_probs.shape[-1] == 5
    assert model.vocabulary.labels == ("<pad>", "<unk>", "|", "a", "b")
    assert len(model.read(log_probs, lengths / waves.shape[1])) == 2
    spelled = torch.nn.functional.one_hot(torch.tensor([[3, 3, 0, 3, 2, 4]]), 5).float()
    assert model.read(spelled, torch.ones(1)) == ["aa b"]


def test_parameters_of_head_and_encoder_are_told_apart(encoder):
    model = SpellingEncoder(encoder, ["a"], freeze_feature_extractor=False)
    both = [*model.encoder_parameters(), *model.head.parameters()]
    assert {id(weight) for weight in both} == {id(weight) for weight in model.parameters()}
    frozen = SpellingEncoder(encoder, ["a"])
    convolutions = {id(weight) for weight in frozen.model.feature_extractor.parameters()}
    assert convolutions
    assert convolutions.isdisjoint(id(weight) for weight in frozen.encoder_parameters())


def test_a_frozen_encoder_gets_no_gradient(encoder):
    model = SpellingEncoder(encoder, ["a"])
    model.freeze_encoder = True
    waves, lengths = speech()
    model(waves, lengths / waves.shape[1]).sum().backward()
    assert all(weight.grad is None for weight in model.encoder_parameters())
    assert all(weight.grad is not None for weight in model.head.parameters())


def test_masking_is_of_training_and_as_much_as_asked_for(encoder, tmp_path):
    waves, lengths = speech()
    model = SpellingEncoder(encoder, ["a"], mask_time=0.5)
    model.train()
    seen = [model.model._frames(waves, lengths)[0] for _ in range(2)]
    assert model.model.masking is not None
    assert (seen[0] == model.model.masking.embedding).all(-1).any()
    assert SpellingEncoder(encoder, ["a"], mask_time=0.0).model.masking is None
    # A vector for masked frames that was learnt in pretraining is kept.
    learnt = write_folder(tmp_path / "masked", mask_time_prob=0.1)
    kept = SpellingEncoder(learnt, ["a"]).model.masking.embedding
    torch.testing.assert_close(kept, load_wav2vec2(learnt).model.masking.embedding)


@pytest.fixture
def recogniser(tmp_path):
    """A model that was fine-tuned before."""
    return write_folder(tmp_path / "recogniser", aux_num_out=6)


def test_a_head_is_described_and_may_be_kept(recogniser):
    described = describe_encoder(recogniser)
    assert described.vocabulary == VOCABULARY
    kept = SpellingEncoder(recogniser, ["x"], keep_head=True)
    assert kept.vocabulary == VOCABULARY
    torch.testing.assert_close(kept.head.weight, load_wav2vec2(recogniser).model.aux.weight)
    assert SpellingEncoder(recogniser, ["x"]).vocabulary.labels == ("<pad>", "<unk>", "|", "x")


def test_what_is_wrong_with_a_head_is_told(recogniser, encoder):
    assert describe_encoder(encoder).defect == ""
    (recogniser / "tokenizer_config.json").write_text('{"tokenizer_class": "Wav2Vec2PhonemeCTCTokenizer"}')
    assert describe_encoder(recogniser).defect == "its labels are phones"
    (recogniser / "vocab.json").unlink()
    assert "there is no file" in describe_encoder(recogniser).defect
    with pytest.raises(WeightsError, match="have no head to keep"):
        SpellingEncoder(encoder, [], keep_head=True)


def test_frames_and_width_behind_an_adapter_are_known(tmp_path):
    folder = write_folder(tmp_path / "adapter", add_adapter=True, adapter_width=12, adapter_num_layers=2)
    model = SpellingEncoder(folder, ["a"]).eval()
    assert model.head.in_features == 12
    assert model(torch.zeros(1, 8000)).shape[1] == describe_encoder(folder).frames(0.5)


@pytest.mark.parametrize("kind", ["base", "wavlm"])
def test_with_adapters_little_learns_and_nothing_changes_at_first(tmp_path, kind):
    folder = write_folder(tmp_path / kind, kind)
    model = SpellingEncoder(folder, ["a"], lora_rank=2).eval()
    assert len(model.adapted_layers) == 2 * 6
    # Two layers: four products of 16 to 16, and two between 16 and 24.
    assert sum(weight.numel() for weight in model.encoder_parameters()) == 2 * 2 * (4 * 32 + 2 * 40)
    assert {name.rpartition("lora_")[1] for name in model.state_dict() if "aux" not in name} == {"lora_"}
    waves, lengths = speech()
    shares = lengths / waves.shape[1]
    with_head = SpellingEncoder(folder, ["a"]).eval()
    with_head.head.load_state_dict(model.head.state_dict())
    torch.testing.assert_close(model(waves, shares), with_head(waves, shares))
