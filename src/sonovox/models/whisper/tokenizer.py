"""Whisper's tokens: byte-level BPE of text, and special tokens for language, task and time.

Two forms of the vocabulary are read: OpenAI's list of byte strings in order of
rank (`gpt2.tiktoken`, `multilingual.tiktoken`), and a Hugging Face folder.
Decoding looks bytes up; the encoder, needed only for prompts, is built at its
first use.
"""

import base64
import itertools
import json
import re
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sonovox._internal.errors import ArgumentError, WeightsError
from sonovox.models.whisper.languages import LANGUAGES, language_code

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["WhisperTokenizer"]

# Every position in time that can be said: 0.00 to 30.00 s in steps of 20 ms.
N_TIMESTAMPS = 1501
TASKS = ("translate", "transcribe")


class WhisperTokenizer:
    """Text to token ids and back, and the ids of the special tokens.

    Args:
        texts: bytes of each ordinary token, by id.
        vocab_size: of the model; the special tokens are counted from it.
        build_encoder: makes the BPE encoder; called once, when text is first encoded.

    Raises:
        WeightsError: the vocabulary and the model do not fit together.
    """

    def __init__(self, texts: Sequence[bytes], vocab_size: int, build_encoder: Callable[[], "Tokenizer"]) -> None:
        self.texts = list(texts)
        self._build_encoder = build_encoder
        # Special tokens follow the text in this order:
        # end, start, languages, two tasks, start of LM, start of previous, no speech, no timestamps, timestamps.
        n_languages = vocab_size - len(self.texts) - 2 - len(TASKS) - 4 - N_TIMESTAMPS
        if not 1 <= n_languages <= len(LANGUAGES):
            raise WeightsError(
                f"a vocabulary of {len(self.texts)} texts does not fit a model of {vocab_size} tokens",
                hint="English-only models take gpt2.tiktoken, the others multilingual.tiktoken",
            )
        self.end = len(self.texts)
        self.start = self.end + 1
        self.languages = {code: self.start + 1 + i for i, code in enumerate(list(LANGUAGES)[:n_languages])}
        first_task = self.start + 1 + n_languages
        self.tasks = {task: first_task + i for i, task in enumerate(TASKS)}
        self.start_of_lm, self.start_of_previous, self.no_speech, self.no_timestamps = (
            first_task + len(TASKS) + i for i in range(4)
        )
        self.first_timestamp = self.no_timestamps + 1
        self.multilingual = vocab_size >= 51865

    @classmethod
    def from_ranks(cls, path: Path, vocab_size: int) -> "WhisperTokenizer":
        """From OpenAI's `*.tiktoken`: a line for each token, its bytes in base64 and its rank.

        Raises:
            WeightsError: the file is not of that form.
        """
        try:
            lines = (line.split() for line in path.read_bytes().splitlines() if line)
            ranks = {base64.b64decode(text): int(rank) for text, rank in lines}
        except ValueError as error:
            raise WeightsError(f"{path} is not a list of BPE ranks", hint="fetch it again") from error
        texts = sorted(ranks, key=ranks.__getitem__)
        return cls(texts, vocab_size, lambda: _encoder_of_ranks(ranks))

    @classmethod
    def from_folder(cls, folder: Path, vocab_size: int) -> "WhisperTokenizer":
        """From a Hugging Face folder: `tokenizer.json`, or `vocab.json` with `merges.txt`.

        Raises:
            WeightsError: neither is there, or they cannot be read.
        """
        whole, vocabulary, merges = (folder / name for name in ("tokenizer.json", "vocab.json", "merges.txt"))
        try:
            if whole.is_file():
                vocab = json.loads(whole.read_bytes())["model"]["vocab"]
                build = lambda: _tokenizers().Tokenizer.from_file(str(whole))  # noqa: E731
            elif vocabulary.is_file() and merges.is_file():
                vocab = json.loads(vocabulary.read_bytes())
                build = lambda: _encoder_of_merges(vocab, _read_merges(merges))  # noqa: E731
            else:
                raise WeightsError(
                    f"{folder} holds no vocabulary", hint="it needs tokenizer.json, or vocab.json and merges.txt"
                )
        except (ValueError, KeyError, TypeError) as error:
            raise WeightsError(f"the vocabulary in {folder} cannot be read: {error}", hint="fetch it again") from error
        byte_of = {character: byte for byte, character in _byte_characters().items()}
        # Older files list special tokens among the texts; they are no byte strings of the vocabulary.
        ordinary = sorted((i, text) for text, i in vocab.items() if not re.fullmatch(r"<\|.*\|>", text))
        return cls([bytes(byte_of[c] for c in text) for _, text in ordinary], vocab_size, build)

    def encode(self, text: str) -> list[int]:
        """Ids of `text`; special tokens written in it are taken as text."""
        return [i for i in self._encoder.encode(text, add_special_tokens=False).ids if i < self.end]

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of `tokens`; special tokens and timestamps are left out.

        A character whose bytes are not whole becomes U+FFFD.
        """
        return b"".join(self.texts[token] for token in tokens if token < self.end).decode("utf-8", errors="replace")

    def prefix(self, language: str | None, task: str, *, timestamps: bool) -> list[int]:
        """The tokens that tell the decoder what to do: start, language, task, with times or without.

        Raises:
            ArgumentError: an English-only model is asked for another language or a translation.
        """
        code = language_code(language or "en")
        if not self.multilingual:
            if code != "en" or task != "transcribe":
                wish = f"language {code}" if code != "en" else f"task {task}"
                raise ArgumentError(
                    f"this model is English-only, got {wish}", hint="take one without .en in its name, such as base"
                )
            tokens = [self.start]
        else:
            if code not in self.languages:
                raise ArgumentError(f"this model does not know language {code}", hint="large-v3 and turbo do")
            tokens = [self.start, self.languages[code], self.tasks[task]]
        return tokens if timestamps else [*tokens, self.no_timestamps]

    @property
    def special(self) -> dict[str, int]:
        """The special tokens as transformers writes them, by their ids."""
        languages = {f"<|{code}|>": token for code, token in self.languages.items()}
        times = {f"<|{0.02 * step:.2f}|>": self.first_timestamp + step for step in range(N_TIMESTAMPS)}
        return {
            "<|endoftext|>": self.end,
            "<|startoftranscript|>": self.start,
            **languages,
            **{f"<|{task}|>": token for task, token in self.tasks.items()},
            "<|startoflm|>": self.start_of_lm,
            "<|startofprev|>": self.start_of_previous,
            "<|nospeech|>": self.no_speech,
            "<|notimestamps|>": self.no_timestamps,
            **times,
        }

    def to_json(self) -> bytes:
        """The `tokenizer.json` of a Hugging Face folder."""
        tokenizers = _tokenizers()
        written = self._build_encoder()
        written.decoder = tokenizers.decoders.ByteLevel()
        # transformers leaves times in a text that shall have them: they are not special to it.
        written.add_special_tokens([text for text, token in self.special.items() if token < self.first_timestamp])
        written.add_tokens([text for text, token in self.special.items() if token >= self.first_timestamp])
        return str(written.to_str()).encode()

    @cached_property
    def blanks(self) -> list[int]:
        """What a text must not begin with: a lone space, and the end."""
        return [self.texts.index(b" "), self.end]

    @cached_property
    def not_said(self) -> list[int]:
        """Tokens that annotate rather than transcribe, and the special tokens that no text holds.

        Brackets, quotation dashes, music signs and the like, alone or after a
        space: section 4.5 of the paper suppresses them.
        """
        signs = [*'"#()*+/:;<=>@[\\]^_`{|}~「」『』', "<<", ">>", "<<<", ">>>", "--", "---", "-(", "-["]
        signs += ["('", '("', "((", "))", "(((", ")))", "[[", "]]", "{{", "}}", "♪♪", "♪♪♪"]
        index = {text: i for i, text in enumerate(self.texts)}
        banned = {index.get(b" -"), index.get(b" '")}
        banned |= {index.get((lead + sign).encode()) for sign in signs for lead in ("", " ")}
        # Of the signs of music any first piece is banned, since no word begins with it.
        banned |= {index[_pieces((lead + sign).encode(), index)[0]] for sign in "♩♪♫♬♭♮♯" for lead in ("", " ")}
        special = {self.start, *self.tasks.values(), self.start_of_lm, self.start_of_previous, self.no_speech}
        return sorted({token for token in banned if token is not None} | special)

    @cached_property
    def _encoder(self) -> "Tokenizer":
        return self._build_encoder()


def _tokenizers():  # type: ignore[no-untyped-def]
    import tokenizers  # 60 ms that only prompts need

    return tokenizers


def _encoder_of_merges(vocab: dict[str, int], merges: list[tuple[str, str]]) -> "Tokenizer":
    tokenizers = _tokenizers()
    encoder = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocab, merges=merges))
    encoder.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    return encoder


def _encoder_of_ranks(ranks: dict[bytes, int]) -> "Tokenizer":
    characters = _byte_characters()

    def spell(text: bytes) -> str:
        return "".join(characters[byte] for byte in text)

    # A token is the merge of the two pieces into which the tokens before it cut its bytes.
    merges = [_pieces(text, ranks, below=rank) for text, rank in ranks.items() if len(text) > 1]
    return _encoder_of_merges(
        {spell(text): rank for text, rank in ranks.items()}, [(spell(left), spell(right)) for left, right in merges]
    )


def _pieces(text: bytes, ranks: dict[bytes, int], below: int | None = None) -> list[bytes]:
    """Byte-pair encoding of a short `text`: merge the neighbours of lowest rank until none are left.

    Sennrich et al., "Neural machine translation of rare words with subword units", 2016.
    """
    pieces = [text[i : i + 1] for i in range(len(text))]
    limit = len(ranks) if below is None else below
    while len(pieces) > 1:
        candidates = [ranks.get(left + right, limit) for left, right in itertools.pairwise(pieces)]
        best = min(candidates)
        if best >= limit:
            break
        at = candidates.index(best)
        pieces[at : at + 2] = [pieces[at] + pieces[at + 1]]
    return pieces


def _byte_characters() -> dict[int, str]:
    """The printable character that stands for each byte in the files of GPT-2's tokenizer.

    Printable Latin-1 stands for itself; the others are numbered from U+0100 on.
    """
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(others)}


def _read_merges(path: Path) -> list[tuple[str, str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.split(" ") for line in lines if line and not line.startswith("#version"))
    return [(left, right) for left, right in pairs]
