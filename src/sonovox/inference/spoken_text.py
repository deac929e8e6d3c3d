"""A text of any length as speech: sentence by sentence through a reader and a vocoder."""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.inference.tts import HIFIGAN, Tacotron2

__all__ = ["SpokenSentence", "sentences_of", "speak_text"]

# Readers have learnt utterances of some seconds; longer sentences are cut at commas, then between words.
MOST_LETTERS = 200
_ENDS = re.compile(r"(?<=[.!?;:])[\"')\]]*\s+|\n\s*\n|\n")
_HAS_WORDS = re.compile(r"\w")


@dataclass(frozen=True)
class SpokenSentence:
    """What became of a sentence.

    Attributes:
        text: of it.
        samples: `(time,)`, at the rate of the vocoder; with the pause behind it.
        is_whole: whether the reader came to its end by itself, and not to the most frames that it may make.
    """

    text: str
    samples: Tensor
    is_whole: bool


def sentences_of(text: str) -> list[str]:
    """The sentences of a text, none of them longer than a reader can say, none without a word.

    >>> sentences_of("Who is there? It is I.  ...  Nobody, then!")
    ['Who is there?', 'It is I.', 'Nobody, then!']
    """
    pieces = (" ".join(piece.split()) for piece in _ENDS.split(text))
    return [short for piece in pieces for short in _shortened(piece) if _HAS_WORDS.search(short)]


def speak_text(
    reader: Tacotron2,
    vocoder: HIFIGAN,
    text: str,
    *,
    pause_seconds: float = 0.2,
    dropout: bool = True,
    seed: int | None = None,
) -> Iterator[SpokenSentence]:
    """The sentences of a text, spoken one after the other; memory does not grow with the text.

    Args:
        reader: from text to spectrograms.
        vocoder: from these to waveforms.
        text: of any length.
        pause_seconds: of silence between two sentences.
        dropout: see `Tacotron2.encode_batch`.
        seed: of the dropout: the same reads the same; None for another reading each time.

    Raises:
        ArgumentError: a text without words, or a reader whose spectrograms are not those of the vocoder.

    >>> list(speak_text(None, None, "..."))
    Traceback (most recent call last):
    sonovox._internal.errors.ArgumentError: the text has no words: '...'; give some
    """
    if pause_seconds:
        check_positive("pause_seconds", pause_seconds)
    sentences = sentences_of(text)
    if not sentences:
        raise ArgumentError(f"the text has no words: {text[:40]!r}", hint="give some")
    generator = None if seed is None else torch.Generator(device=reader.device).manual_seed(seed)
    for place, sentence in enumerate(sentences, start=1):
        # A reader that finds no end warns; here `is_whole` tells it.
        with torch.no_grad(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".* did not end by")
            mel, counts, _ = reader.encode_text(sentence, dropout=dropout, generator=generator)
            mels, wanted = mel.shape[1], vocoder.n_mels
            if mels != wanted:
                raise ArgumentError(
                    f"the reader gives {mels} mel bands, the vocoder takes {wanted}",
                    hint="take two that were trained for each other, such as "
                    "speechbrain/tts-tacotron2-ljspeech and speechbrain/tts-hifigan-ljspeech",
                )
            samples = vocoder.decode_batch(mel)[0, 0].float().cpu()
        pause = round(pause_seconds * vocoder.sample_rate) if place < len(sentences) else 0
        samples = torch.nn.functional.pad(samples, (0, pause))
        yield SpokenSentence(sentence, samples, int(counts[0]) < reader.most_frames)


def _shortened(sentence: str) -> Iterator[str]:
    """Pieces of a sentence, cut behind the last comma that is not too far, or else before a word."""
    while len(sentence) > MOST_LETTERS:
        head = sentence[: MOST_LETTERS + 1]
        cut = head.rfind(", ") + 1 or head.rfind(" ") or MOST_LETTERS
        cut = cut if cut > 0 else MOST_LETTERS
        yield sentence[:cut].strip()
        sentence = sentence[cut:].strip()
    if sentence:
        yield sentence
