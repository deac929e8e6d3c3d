from types import SimpleNamespace

import pytest
import torch

from sonovox import decoding
from sonovox._internal.errors import ChoiceError
from sonovox.decoding import (
    LengthScorer,
    S2SWhisperBeamSearcher,
    S2SWhisperGreedySearcher,
    ScorerBuilder,
)
from sonovox.decoding.whisper import DecodingOptions, decode
from sonovox.models.whisper.config import WhisperConfig
from sonovox.models.whisper.model import Whisper

RATIOS = {"min_decode_ratio": 0.0, "max_decode_ratio": 1.0}


@pytest.fixture
def block(vocabulary):
    """A small Whisper with random weights, its vocabulary, and three encoded items."""
    torch.manual_seed(4)
    config = WhisperConfig(
        vocab_size=45, d_model=32, n_heads=2, n_encoder_layers=1, n_decoder_layers=2, n_audio_positions=20
    )
    model = Whisper(config).eval()
    with torch.no_grad():
        model.decoder.embedding.weight *= 0.3
        for name, parameter in model.decoder.named_parameters():
            if "layers" in name and "norm" not in name:
                parameter *= 2.5  # livelier than what a new model says
    vocabulary.not_said = [*range(29, 45)]
    return SimpleNamespace(model=model, tokenizer=vocabulary, language="en", task="transcribe")


@pytest.fixture
def audio():
    return torch.randn(3, 20, 32, generator=torch.Generator().manual_seed(6))


def expected(block, audio, **options):
    options = {"temperatures": (0.0,), "timestamps": False, "max_new_tokens": 12, **options}
    found = decode(block.model, audio, block.tokenizer, DecodingOptions(language="en", **options))
    return [list(result.tokens) for result in found]


def test_greedy_is_what_transcribing_finds(block, audio):
    searcher = S2SWhisperGreedySearcher(block, sample_len=12, **RATIOS)
    found = searcher(audio, torch.ones(3))[0]
    theirs = expected(block, audio)
    assert found == theirs
    assert len(set(map(tuple, found))) == 3


def test_a_beam_of_one_is_greedy(block, audio):
    searcher = S2SWhisperBeamSearcher([block], beam_size=1, using_eos_threshold=False, sample_len=12, **RATIOS)
    greedy = S2SWhisperGreedySearcher(block, sample_len=12, **RATIOS)(audio, torch.ones(3))[0]
    for found, simple in zip(searcher(audio, torch.ones(3))[0], greedy, strict=True):
        # What is cut misses its last token (`S2SBeamSearcher`).
        assert found == simple[: len(found)]
        assert len(found) >= len(simple) - 1


def test_items_alone_are_items_of_a_batch(block, audio):
    scorer = ScorerBuilder({"length": 0.1}, [LengthScorer(45)])
    searcher = S2SWhisperBeamSearcher(
        block, beam_size=4, scorer=scorer, length_normalization=False, sample_len=10, **RATIOS
    )
    together = searcher(audio, torch.ones(3))[0]
    assert together == [searcher(audio[item : item + 1], torch.ones(1))[0][0] for item in range(3)]


def test_a_beam_finds_what_is_more_probable(block, audio):
    settings = {"using_eos_threshold": False, "length_normalization": False, "sample_len": 6, **RATIOS}
    narrow, wide = (S2SWhisperBeamSearcher(block, beam_size=size, **settings) for size in (1, 8))
    less, more = (searcher(audio, torch.ones(3))[2] for searcher in (narrow, wide))
    assert bool((more >= less - 1e-5).all())
    assert bool((more > less + 1e-3).any())


def test_what_is_told_first(block):
    searcher = S2SWhisperGreedySearcher(block, prefix="ab", prompt=[3, 4], bos_index=7, eos_index=7, **RATIOS)
    assert searcher.initial_tokens == [28, 3, 4, 27, 30, 0, 1]
    searcher.set_prompt(None)
    assert searcher.initial_tokens == [27, 30, 0, 1]
    searcher.set_task("translate")
    with pytest.raises(ChoiceError, match="did you mean"):
        searcher.set_task("transcribed")


def test_the_language_of_each_row(block, audio):
    block.tokenizer.prefix = lambda language, task, *, timestamps: [27, {"en": 31, "de": 32}[language], 30]
    searcher = S2SWhisperGreedySearcher(block, sample_len=8, **RATIOS)
    english = searcher(audio, torch.ones(3))[0]
    block.language = "de"
    german = searcher(audio, torch.ones(3))[0]
    block.language = "en"
    searcher.set_lang_tokens(torch.tensor([32, 31, 32]))
    assert searcher(audio, torch.ones(3))[0] == [german[0], english[1], german[2]]
    assert english != german


def test_tokens_that_are_never_said(block):
    def suppressed(chosen):
        return set(S2SWhisperGreedySearcher(block, suppress_tokens=chosen, **RATIOS).get_tokens_to_suppress)

    assert suppressed("3,5") == {3, 5, 27, 28}
    assert suppressed([3, -1]) == {3, 27, 28, *block.tokenizer.not_said}
    assert suppressed(None) == suppressed("") == set()


@pytest.mark.parametrize("name", ["S2SWhisperBeamSearch", "S2SWhisperGreedySearch"])
def test_older_names_give_two_values(name, block, audio):
    options = {**RATIOS, "sample_len": 5, **({"beam_size": 2} if "Beam" in name else {})}
    hyps, scores = getattr(decoding, name)(block, **options)(audio, torch.ones(3))
    expected, _, expected_scores, _ = getattr(decoding, f"{name}er")(block, **options)(audio, torch.ones(3))
    assert hyps == expected
    assert torch.equal(scores, expected_scores)
