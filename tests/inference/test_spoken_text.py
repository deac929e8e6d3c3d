"""Texts of any length, said with the reader and the vocoder of SpeechBrain's cases."""

import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.inference import HIFIGAN, Tacotron2
from sonovox.inference.spoken_text import MOST_LETTERS, sentences_of, speak_text

TEXT = "Mary had a little lamb. Its fleece was white as snow!"


@pytest.fixture(scope="module")
def models(speechbrain_reference):
    reader = Tacotron2.from_hparams(speechbrain_reference / "tts-tacotron2" / "model")
    return reader, HIFIGAN.from_hparams(speechbrain_reference / "vocoder-hifigan" / "model")


def test_sentences_end_where_they_should():
    assert sentences_of("One. Two? Three!\nFour: five; six\n\n seven 3.14 e.g.") == [
        "One.", "Two?", "Three!", "Four:", "five;", "six", "seven 3.14 e.g.",
    ]  # fmt: skip
    assert sentences_of(' "Who?" he said. ... -- ') == ['"Who?', "he said."]
    assert sentences_of(" \n ") == []


def test_long_sentences_are_cut_and_no_word_is_lost():
    words = [f"word{i}" for i in range(300)]
    for text in (" ".join(words), ", ".join(words), "x" * 1000, " ".join(["a" * 150] * 5)):
        pieces = sentences_of(text)
        assert max(map(len, pieces)) <= MOST_LETTERS
        assert "".join(pieces).replace(" ", "") == text.replace(" ", "")
    assert all(piece.endswith(",") for piece in sentences_of(", ".join(words))[:-1])


def test_sentences_are_said_one_after_the_other_with_pauses(models):
    spoken = list(speak_text(*models, TEXT, pause_seconds=0.5, dropout=False))
    assert [sentence.text for sentence in spoken] == ["Mary had a little lamb.", "Its fleece was white as snow!"]
    mel, _, _ = models[0].encode_text("Mary had a little lamb.", dropout=False)
    expected = models[1].decode_batch(mel)[0, 0]
    n_samples = len(expected)
    torch.testing.assert_close(spoken[0].samples[:n_samples], expected, atol=1e-6, rtol=0)
    assert len(spoken[0].samples) == n_samples + 11025
    assert not spoken[0].samples[n_samples:].any()


def test_a_seed_reads_the_same(models, monkeypatch):
    monkeypatch.setattr(models[0].mods["model"].decoder, "gate_threshold", 2.0)  # no end is found
    said = [torch.cat([sentence.samples for sentence in speak_text(*models, TEXT, seed=seed)]) for seed in (1, 1, 2)]
    assert torch.equal(said[0], said[1])
    assert said[0].shape != said[2].shape or not torch.equal(said[0], said[2])


def test_a_sentence_without_an_end_is_told(models, monkeypatch):
    monkeypatch.setattr(models[0].mods["model"].decoder, "gate_threshold", 2.0)
    (sentence,) = speak_text(*models, "Mary had a little lamb", dropout=False)
    assert not sentence.is_whole
    monkeypatch.undo()
    (sentence,) = speak_text(*models, "Mary had a little lamb", dropout=False)
    assert sentence.is_whole


def test_what_cannot_be_said_is_told(models, monkeypatch):
    with pytest.raises(ArgumentError, match="the text has no words: '!'"):
        list(speak_text(*models, "!"))
    monkeypatch.setattr(models[1].mods["generator"], "in_channels", 80)
    with pytest.raises(ArgumentError, match="the reader gives 20 mel bands, the vocoder takes 80"):
        list(speak_text(*models, TEXT))
