"""Whisper against transformers: other sizes, random weights, folders as transformers writes them, searches."""

import json

import pytest
import torch

from sonovox.decoding.whisper import DecodingOptions, decode
from sonovox.models.whisper.config import WhisperConfig
from sonovox.models.whisper.convert import from_huggingface, to_huggingface
from sonovox.models.whisper.model import Whisper
from sonovox.models.whisper.pretrained import load_whisper

pytestmark = pytest.mark.peers
transformers = pytest.importorskip("transformers", reason="transformers is the oracle (requirements/peers.txt)")

SIZES = {
    "two layers": WhisperConfig(d_model=64, n_heads=2, n_encoder_layers=2, n_decoder_layers=2),
    "128 bands, fewer decoder layers": WhisperConfig(
        n_mels=128, vocab_size=51866, d_model=96, n_heads=3, n_encoder_layers=3, n_decoder_layers=1
    ),
}


def pair(sizes: WhisperConfig):
    torch.manual_seed(0)
    theirs = transformers.WhisperForConditionalGeneration(
        transformers.WhisperConfig(
            vocab_size=sizes.vocab_size, num_mel_bins=sizes.n_mels, d_model=sizes.d_model,
            encoder_layers=sizes.n_encoder_layers, decoder_layers=sizes.n_decoder_layers,
            encoder_attention_heads=sizes.n_heads, decoder_attention_heads=sizes.n_heads,
            encoder_ffn_dim=4 * sizes.d_model, decoder_ffn_dim=4 * sizes.d_model, suppress_tokens=None,
            begin_suppress_tokens=None,
        )
    ).eval()  # fmt: skip
    ours = Whisper(sizes)
    ours.load_state_dict(from_huggingface(theirs.state_dict()))
    return ours.eval(), theirs


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
@torch.inference_mode()
def test_logits(sizes):
    ours, theirs = pair(sizes)
    mel, tokens = torch.randn(2, sizes.n_mels, 3000), torch.randint(50000, (2, 7))
    # float32, sums in another order.
    torch.testing.assert_close(ours(mel, tokens), theirs(mel, decoder_input_ids=tokens).logits, rtol=1e-4, atol=1e-5)


def test_weights_go_back_into_transformers():
    ours, theirs = pair(SIZES["two layers"])
    back = to_huggingface(ours.state_dict())
    assert theirs.load_state_dict(back).missing_keys == []


@pytest.mark.parametrize("shard_size", ["10GB", "4MB"])
def test_a_folder_of_transformers_loads(tmp_path, shard_size):
    ours, theirs = pair(SIZES["two layers"])
    theirs.save_pretrained(tmp_path, max_shard_size=shard_size)
    letters = [chr(code) for code in range(ord("!"), ord("!") + 38)]
    words = (a + b + c for a in letters for b in letters for c in letters)
    vocab = {word: i for i, word in zip(range(50257), words, strict=False)}  # as many texts as the model expects
    (tmp_path / "vocab.json").write_text(json.dumps(vocab))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    loaded, tokenizer = load_whisper(tmp_path)
    assert tokenizer.multilingual
    for name, tensor in loaded.state_dict().items():
        torch.testing.assert_close(tensor, ours.state_dict()[name], rtol=0, atol=0)


@pytest.mark.parametrize("beams", [1, 4])
@torch.inference_mode()
def test_search_says_the_same_tokens(beams):
    ours, theirs = pair(SIZES["two layers"])
    mel = torch.randn(1, 80, 3000)

    class Plain:
        """The special tokens that the search asks for; nothing else is suppressed."""

        start, end, start_of_previous, no_speech, no_timestamps, first_timestamp = (
            50258,
            50257,
            50361,
            50362,
            50363,
            50364,
        )
        languages, multilingual, blanks, not_said = {}, False, [50257], [50257]
        encode = staticmethod(lambda text: [])
        decode = staticmethod(lambda tokens: "")
        prefix = staticmethod(lambda language, task, *, timestamps: [50258, 50259, 50359, 50363])

    options = DecodingOptions(timestamps=False, beam_size=beams, temperatures=(0.0,), max_new_tokens=12)
    (result,) = decode(ours, ours.encode(mel), Plain(), options)
    settings = transformers.GenerationConfig(
        max_new_tokens=12, num_beams=beams, do_sample=False, suppress_tokens=[50257], eos_token_id=50257,
        pad_token_id=50257, decoder_start_token_id=50258,
    )  # fmt: skip
    prompt = torch.tensor([Plain.prefix(None, "", timestamps=False)])
    expected = theirs.generate(mel, decoder_input_ids=prompt, generation_config=settings)[0, -12:]
    assert list(result.tokens) == expected.tolist()
