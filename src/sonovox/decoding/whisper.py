"""Decoding of 30 s windows with Whisper: options, language detection, fallback over temperatures.

Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022, section 4.5.
"""

import math
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox.decoding.whisper_rules import Rule, SuppressAtStart, SuppressTokens, TimestampGrammar
from sonovox.decoding.whisper_search import Decoder, Hypothesis, Search, beam_search, sample

__all__ = [
    "DecodingOptions",
    "DecodingResult",
    "Vocabulary",
    "choose_languages",
    "compression_ratio",
    "decode",
    "detect_language",
]

# Half of the text positions are for the prompt, half for what is said.
MAX_NEW = 224
MAX_PROMPT = 223


class Vocabulary(Protocol):
    """What decoding needs of a tokenizer; `models.whisper.WhisperTokenizer` is one."""

    start: int
    end: int
    start_of_previous: int
    no_speech: int
    no_timestamps: int
    first_timestamp: int
    languages: dict[str, int]
    multilingual: bool

    @property
    def blanks(self) -> list[int]:
        """Ids that no text begins with."""
        ...

    @property
    def not_said(self) -> list[int]:
        """Ids that are never said."""
        ...

    def encode(self, text: str) -> list[int]:
        """Token ids of a text."""
        ...

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of token ids, special tokens left out."""
        ...

    def prefix(self, language: str | None, task: str, *, timestamps: bool) -> list[int]:
        """The tokens that tell the decoder what to do."""
        ...


@dataclass(frozen=True)
class DecodingOptions:
    """How a window is decoded; the defaults are those of the paper but for the beam.

    Args:
        task: `"transcribe"`, or `"translate"` into English.
        language: code or English name; None to detect it (English for an English-only model).
        beam_size: hypotheses of a beam search at temperature 0; 1 is greedy.
        patience: a beam ends when `beam_size * patience` hypotheses have ended.
        length_penalty: None ranks by mean log-probability; else the exponent of Wu et al. 2016, eq. 14.
        best_of: draws at temperatures above 0, of which the best is kept.
        temperatures: tried in order until a result passes the thresholds.
        compression_ratio_threshold: a text that zlib shrinks by more repeats itself; None to accept.
        log_probability_threshold: a mean log-probability below this is a failure; None to accept.
        no_speech_threshold: above this probability a failure at the threshold before is silence; None for never.
        timestamps: say times; long recordings need them.
        latest_start: the first time is at most this many seconds; None for no limit.
        initial_prompt: text that is taken as said before: names, spelling, style.
        prefix: text with which the transcript begins.
        condition_on_previous_text: each window of a long recording reads what was said before it.
        suppress_tokens: ids that are never said; None for the list of the vocabulary.
        max_new_tokens: of one window.
        seed: of the draws.

    Raises:
        ArgumentError: a value outside its range.
    """

    task: str = "transcribe"
    language: str | None = None
    beam_size: int = 1
    patience: float = 1.0
    length_penalty: float | None = None
    best_of: int = 5
    temperatures: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    compression_ratio_threshold: float | None = 2.4
    log_probability_threshold: float | None = -1.0
    no_speech_threshold: float | None = 0.6
    timestamps: bool = True
    latest_start: float | None = 1.0
    initial_prompt: str = ""
    prefix: str = ""
    condition_on_previous_text: bool = False
    suppress_tokens: tuple[int, ...] | None = None
    max_new_tokens: int = MAX_NEW
    seed: int = 0

    def __post_init__(self) -> None:
        check_choice("task", self.task, ("transcribe", "translate"))
        for name in ("beam_size", "best_of", "max_new_tokens"):
            if getattr(self, name) < 1:
                raise ArgumentError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.max_new_tokens > MAX_NEW:
            raise ArgumentError(
                f"max_new_tokens must be at most {MAX_NEW}, got {self.max_new_tokens}",
                hint="the other half of the text positions is for the prompt",
            )
        if self.patience <= 0:
            raise ArgumentError(f"patience must be positive, got {self.patience}", hint="1.0 is plain beam search")
        if not self.temperatures or min(self.temperatures) < 0:
            raise ArgumentError(
                f"temperatures must be one or more numbers of at least 0, got {self.temperatures}",
                hint="(0.0,) switches the fallback off",
            )


@dataclass(frozen=True)
class DecodingResult:
    """What was said in one window, and how sure the model was of it."""

    tokens: tuple[int, ...]
    text: str
    language: str
    temperature: float
    average_log_probability: float
    compression_ratio: float
    no_speech_probability: float

    def is_silence(self, options: DecodingOptions) -> bool:
        """Whether the window holds no speech: the model says so, and has no confidence in its words."""
        if options.no_speech_threshold is None or self.no_speech_probability <= options.no_speech_threshold:
            return False
        floor = options.log_probability_threshold
        return floor is None or self.average_log_probability <= floor

    def has_failed(self, options: DecodingOptions) -> bool:
        """Whether a higher temperature should be tried."""
        ratio, floor = options.compression_ratio_threshold, options.log_probability_threshold
        repeats = ratio is not None and self.compression_ratio > ratio
        unsure = floor is not None and self.average_log_probability < floor
        return (repeats or unsure) and not self.is_silence(options)


def decode(
    model: Decoder,
    audio: Tensor,
    vocabulary: Vocabulary,
    options: DecodingOptions | None = None,
    *,
    languages: Sequence[str] | None = None,
    previous: Sequence[Sequence[int]] | None = None,
) -> list[DecodingResult]:
    """What is said in each of some encoded windows.

    Args:
        model: a `Whisper`.
        audio: `[items, positions, d_model]`, from `model.encode`.
        vocabulary: its tokenizer.
        options: one set for the whole batch.
        languages: of each item; None to take `options.language` or detect it.
        previous: tokens said before each item, most recent last.

    Returns:
        One result an item. Items that fail at one temperature are decoded again, together, at the next.
    """
    options = options or DecodingOptions()
    n_items = audio.shape[0]
    if languages is None:
        languages = choose_languages(model, audio, vocabulary, options)
    previous = previous if previous is not None else [()] * n_items
    prompts = [_prompt(vocabulary, options, *item) for item in zip(languages, previous, strict=True)]

    results: dict[int, DecodingResult] = {}
    waiting = list(range(n_items))
    for temperature in options.temperatures:
        # Prompts of one length go through the decoder together, without padding.
        for length in sorted({len(prompts[i]) for i in waiting}):
            group = [i for i in waiting if len(prompts[i]) == length]
            rows = torch.tensor([prompts[i] for i in group], device=audio.device)
            part = audio if len(group) == n_items else audio[group]
            for i, found in zip(group, _search(model, part, rows, vocabulary, options, temperature), strict=True):
                results[i] = _result(vocabulary, languages[i], temperature, *found)
        waiting = [i for i in waiting if results[i].has_failed(options)]
        if not waiting:
            break
    return [results[i] for i in range(n_items)]


def detect_language(model: Decoder, audio: Tensor, vocabulary: Vocabulary) -> list[dict[str, float]]:
    """Probability of each language, likeliest first, for each window of `audio` `[items, positions, d_model]`.

    Raises:
        ArgumentError: the model is English-only.
    """
    if not vocabulary.multilingual:
        raise ArgumentError("an English-only model detects no languages", hint="take one without .en in its name")
    cache = model.start(audio, max_length=1)
    start = torch.full((audio.shape[0], 1), vocabulary.start, device=audio.device)
    logits = model.logits(model.states(start, cache)[:, -1])
    codes = list(vocabulary.languages)
    probabilities = logits[:, list(vocabulary.languages.values())].softmax(-1).tolist()
    return [dict(sorted(zip(codes, row, strict=True), key=lambda pair: -pair[1])) for row in probabilities]


def choose_languages(model: Decoder, audio: Tensor, vocabulary: Vocabulary, options: DecodingOptions) -> list[str]:
    """The code of each window's language: as asked for, English for an English-only model, else detected."""
    if options.language is not None or not vocabulary.multilingual:
        return [options.language or "en"] * audio.shape[0]
    return [next(iter(found)) for found in detect_language(model, audio, vocabulary)]


def compression_ratio(text: str) -> float:
    """How many times smaller zlib makes `text`: above 2.4 it is likely to repeat itself.

    >>> round(compression_ratio("and so on " * 20), 1)
    9.5
    """
    data = text.encode()
    return len(data) / len(zlib.compress(data))


def _given(vocabulary: Vocabulary, options: DecodingOptions) -> list[int]:
    """Tokens that stand at the beginning of the text before a search adds to them."""
    if not options.prefix:
        return []
    given = vocabulary.encode(" " + options.prefix.strip())[-MAX_PROMPT // 2 :]
    return [vocabulary.first_timestamp, *given] if options.timestamps else given


def _prompt(vocabulary: Vocabulary, options: DecodingOptions, language: str, previous: Sequence[int]) -> list[int]:
    head = [vocabulary.start_of_previous, *list(previous)[-MAX_PROMPT:]] if previous else []
    return [*head, *vocabulary.prefix(language, options.task, timestamps=options.timestamps)]


def _rules(vocabulary: Vocabulary, options: DecodingOptions, device: torch.device) -> list[Rule]:
    suppressed = vocabulary.not_said if options.suppress_tokens is None else options.suppress_tokens
    rules: list[Rule] = [SuppressTokens(suppressed, device), SuppressAtStart(vocabulary.blanks, device)]
    if options.timestamps:
        steps = None if options.latest_start is None else round(options.latest_start / 0.02)
        rules.append(TimestampGrammar(vocabulary.end, vocabulary.no_timestamps, vocabulary.first_timestamp, steps))
    return rules


def _search(
    model: Decoder,
    audio: Tensor,
    prompt: Tensor,
    vocabulary: Vocabulary,
    options: DecodingOptions,
    temperature: float,
) -> Iterable[tuple[Hypothesis, float]]:
    """The best hypothesis of each item, and its probability of no speech."""
    beams = options.beam_size if temperature == 0.0 else options.best_of
    search = Search(
        decoder=model,
        audio=audio,
        prompt=prompt,
        given=_given(vocabulary, options),
        start_at=prompt[0].tolist().index(vocabulary.start),
        group=beams,
        rules=_rules(vocabulary, options, audio.device),
        end=vocabulary.end,
        max_new=options.max_new_tokens,
        no_speech=vocabulary.no_speech,
    )
    if temperature == 0.0 and beams > 1:
        found = beam_search(search, options.patience)
    else:
        generator = torch.Generator(audio.device).manual_seed(options.seed)
        found = sample(search, temperature, generator)
    rank = _ranking(options.length_penalty)
    return zip((max(candidates, key=rank) for candidates in found), search.no_speech_probabilities, strict=True)


def _ranking(length_penalty: float | None) -> Callable[[Hypothesis], float]:
    def rank(hypothesis: Hypothesis) -> float:
        length = len(hypothesis.tokens)
        if length == 0:
            return -math.inf
        scale = length if length_penalty is None else ((5 + length) / 6) ** length_penalty
        return hypothesis.log_probability / scale

    return rank


def _result(
    vocabulary: Vocabulary,
    language: str,
    temperature: float,
    hypothesis: Hypothesis,
    no_speech_probability: float,
) -> DecodingResult:
    text = vocabulary.decode(hypothesis.tokens).strip()
    return DecodingResult(
        tokens=tuple(hypothesis.tokens),
        text=text,
        language=language,
        temperature=temperature,
        average_log_probability=hypothesis.log_probability / (len(hypothesis.tokens) + 1),
        compression_ratio=compression_ratio(text),
        no_speech_probability=no_speech_probability,
    )
