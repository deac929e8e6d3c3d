"""Whisper against OpenAI's own package: tokenizer, language detection, and every kind of search.

The package is not in requirements/peers.txt, since it pulls in a GPU compiler:
`pip install --no-deps openai-whisper tiktoken more-itertools numba`.
"""

import random
from pathlib import Path

import pytest
import torch

from sonovox.decoding.whisper import DecodingOptions, decode, detect_language
from sonovox.models.whisper.config import WhisperConfig
from sonovox.models.whisper.convert import from_openai
from sonovox.models.whisper.model import Whisper
from sonovox.models.whisper.tokenizer import WhisperTokenizer

# Their tensors go through NumPy calls that warn.
pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]
whisper = pytest.importorskip("whisper", reason="openai-whisper is the oracle")
MULTILINGUAL, ENGLISH = 51865, 51864


def tokenizer_of(vocab_size: int) -> WhisperTokenizer:
    name = "multilingual" if vocab_size == MULTILINGUAL else "gpt2"
    return WhisperTokenizer.from_ranks(Path(whisper.__file__).parent / "assets" / f"{name}.tiktoken", vocab_size)


@pytest.fixture(scope="module")
def pair():
    """Both implementations of a small multilingual model with the same random weights."""
    torch.manual_seed(1)
    dims = {
        "n_mels": 80, "n_vocab": MULTILINGUAL, "n_audio_ctx": 1500, "n_audio_state": 64, "n_audio_head": 2,
        "n_audio_layer": 2, "n_text_ctx": 448, "n_text_state": 64, "n_text_head": 2, "n_text_layer": 2,
    }  # fmt: skip
    theirs = whisper.model.Whisper(whisper.model.ModelDimensions(**dims)).eval()
    for parameter in theirs.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, 0, 0.25)
    ours = Whisper(WhisperConfig.from_openai(dims)).eval()
    ours.load_state_dict(from_openai(theirs.state_dict()))
    return ours, theirs


@pytest.mark.parametrize("vocab_size", [ENGLISH, MULTILINGUAL])
def test_tokenizer(vocab_size):
    ours = tokenizer_of(vocab_size)
    theirs = whisper.tokenizer.get_tokenizer(vocab_size == MULTILINGUAL)
    special = {
        theirs.transcribe, theirs.translate, theirs.sot, theirs.sot_prev, theirs.sot_lm, theirs.no_speech,
    }  # fmt: skip
    assert set(ours.not_said) == set(theirs.non_speech_tokens) | special
    assert ours.blanks == [*theirs.encode(" "), theirs.eot]
    assert (ours.no_timestamps, ours.first_timestamp) == (theirs.no_timestamps, theirs.timestamp_begin)
    draw = random.Random(0)
    for _ in range(300):
        text = "".join(draw.choice("abcde fgh'ï日本♪ 12,.\n") for _ in range(30))
        assert ours.encode(text) == theirs.encode(text)


@torch.inference_mode()
def test_language_detection(pair):
    ours, theirs = pair
    mel = torch.randn(3, 80, 3000)
    _, expected = theirs.detect_language(mel)
    found = detect_language(ours, ours.encode(mel), tokenizer_of(MULTILINGUAL))
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-6)


@pytest.mark.parametrize("task", ["transcribe", "translate"])
@pytest.mark.parametrize("timestamps", [True, False])
@pytest.mark.parametrize("beams", [1, 3])
@torch.inference_mode()
def test_search(pair, task, timestamps, beams):
    ours, theirs = pair
    tokenizer = tokenizer_of(MULTILINGUAL)
    mel = torch.randn(3, 80, 3000)
    theirs_options = whisper.DecodingOptions(
        language="de", task=task, without_timestamps=not timestamps, beam_size=beams if beams > 1 else None,
        patience=2.0 if beams > 1 else None, fp16=False, sample_len=60, prompt="Guten Tag",
    )  # fmt: skip
    options = DecodingOptions(
        language="de", task=task, timestamps=timestamps, beam_size=beams, patience=2.0 if beams > 1 else 1.0,
        temperatures=(0.0,), max_new_tokens=60,
    )  # fmt: skip
    prompt = tokenizer.encode(" Guten Tag")
    found = decode(ours, ours.encode(mel), tokenizer, options, previous=[prompt] * 3)
    with whisper.model.disable_sdpa():  # with it their beams fail on this torch
        expected = [theirs.decode(one[None], theirs_options)[0] for one in mel]
    assert [list(result.tokens) for result in found] == [result.tokens for result in expected]
    for result, other in zip(found, expected, strict=True):
        assert result.average_log_probability == pytest.approx(other.avg_logprob, abs=1e-5)
        assert result.no_speech_probability == pytest.approx(other.no_speech_prob, abs=1e-6)
