"""The labels of a CTC model in a Hugging Face folder: one for each output, a blank, and a mark between words."""

import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonovox._internal.errors import ArgumentError, WeightsError

__all__ = ["CTCVocabulary"]

_DEFAULTS = {
    "pad_token": "<pad>",
    "word_delimiter_token": "|",
    "unk_token": "<unk>",
    "bos_token": "<s>",
    "eos_token": "</s>",
}


@dataclass(frozen=True)
class CTCVocabulary:
    """Labels of a CTC head.

    Args:
        labels: one for each output; an empty string where an output has none.
        blank: index of the blank, which Hugging Face calls the padding.
        word_delimiter: the label between words.
        special: labels that are no text: the blank, the unknown, begin and end.

    >>> vocabulary = CTCVocabulary(("<pad>", "|", "A", "B"), blank=0, special=frozenset({"<pad>"}))
    >>> vocabulary.text([2, 2, 0, 2, 1, 1, 0, 3])
    'AA B'
    """

    labels: tuple[str, ...]
    blank: int = 0
    word_delimiter: str = "|"
    special: frozenset[str] = frozenset()

    def text(self, frames: Iterable[int]) -> str:
        """What the labels of all frames say: repetitions merged, blanks and special labels left out."""
        return self.decode_ids([label for label, _ in itertools.groupby(frames) if label != self.blank])

    def decode_ids(self, tokens: Iterable[int]) -> str:
        """The text of labels that were merged before."""
        said = (self.labels[token] for token in tokens)
        words = "".join(" " if label == self.word_delimiter else label for label in said if label not in self.special)
        return " ".join(words.split())

    def texts(self) -> list[str]:
        """What each label writes, as a search over texts wants it: special labels nothing, the delimiter a space.

        >>> CTCVocabulary(("<pad>", "|", "A"), blank=0, special=frozenset({"<pad>"})).texts()
        ['', ' ', 'A']
        """
        return ["" if x in self.special else " " if x == self.word_delimiter else x for x in self.labels]

    def encode(self, text: str) -> list[int]:
        """The labels of the characters of `text`, whose words single spaces separate.

        Raises:
            ArgumentError: a character that has no label.

        >>> CTCVocabulary(("<pad>", "|", "A", "B")).encode("AA B")
        [2, 2, 1, 3]
        """
        indices = {label: index for index, label in enumerate(self.labels)}
        named = [self.word_delimiter if character == " " else character for character in text]
        unknown = sorted({label for label in named if label not in indices})
        if unknown:
            raise ArgumentError(
                f"no label for {', '.join(map(repr, unknown))} of {text!r}", hint="spell it in the labels of the model"
            )
        return [indices[label] for label in named]

    @classmethod
    def from_folder(cls, folder: Path, blank: int | None = None) -> "CTCVocabulary":
        """From `vocab.json` and, where it is there, `tokenizer_config.json`.

        Args:
            folder: of Hugging Face.
            blank: `pad_token_id` of its `config.json`; the index of the padding token by default.

        Raises:
            WeightsError: no vocabulary, or one that is not whole.
        """
        file = folder / "vocab.json"
        indices = _read(file)
        if indices and all(isinstance(value, dict) for value in indices.values()):
            raise WeightsError(
                f"{file} holds vocabularies of {len(indices)} languages", hint="leave that of one language in it"
            )
        added = _read(folder / "added_tokens.json", {})
        indices = {**added, **indices}
        if not indices or not all(isinstance(i, int) and 0 <= i < 10**6 for i in indices.values()):
            raise WeightsError(f"{file} must map labels to their numbers", hint="fetch it again")
        tokens = _DEFAULTS | {
            name: token for name, token in _special(folder).items() if name in _DEFAULTS and isinstance(token, str)
        }
        labels = [""] * (max(indices.values()) + 1)
        for label, index in indices.items():
            labels[index] = label
        if blank is None or not 0 <= blank < len(labels):
            blank = indices.get(tokens["pad_token"], 0)
        delimiter = tokens.pop("word_delimiter_token")
        return cls(tuple(labels), blank, delimiter, frozenset({labels[blank], *tokens.values()} & {*labels}))

    def to_files(self) -> dict[str, bytes]:
        """`vocab.json` and `tokenizer_config.json`, from which transformers reads the same labels."""
        vocabulary = {label: index for index, label in enumerate(self.labels) if label}
        tokens = {name: token for name, token in _DEFAULTS.items() if token in vocabulary}
        tokens |= {"pad_token": self.labels[self.blank], "word_delimiter_token": self.word_delimiter}
        settings = {"tokenizer_class": "Wav2Vec2CTCTokenizer", "do_lower_case": False, **tokens}
        return {
            "vocab.json": json.dumps(vocabulary, ensure_ascii=False, indent=1).encode(),
            "tokenizer_config.json": json.dumps(settings, ensure_ascii=False, indent=1).encode(),
        }


def _special(folder: Path) -> dict[str, Any]:
    """The special tokens by their roles; each a text, or a mapping with its `content`."""
    settings = {**_read(folder / "special_tokens_map.json", {}), **_read(folder / "tokenizer_config.json", {})}
    return {name: value.get("content") if isinstance(value, dict) else value for name, value in settings.items()}


def _read(file: Path, default: Mapping[str, Any] | None = None) -> dict[str, Any]:
    if default is not None and not file.is_file():
        return dict(default)
    try:
        content = json.loads(file.read_bytes())
    except OSError as error:
        raise WeightsError(f"there is no file {file}", hint="a CTC model needs it for its labels") from error
    except ValueError as error:
        raise WeightsError(f"{file} cannot be read: {error}", hint="fetch it again") from error
    if not isinstance(content, dict):
        raise WeightsError(f"{file} must hold a mapping, got {type(content).__name__}", hint="fetch it again")
    return content
