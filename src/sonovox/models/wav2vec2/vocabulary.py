"""The labels of a CTC model in a Hugging Face folder: one for each output, a blank, and a mark between words."""

import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError, WeightsError

__all__ = ["CTCVocabulary"]

_DEFAULTS = {
    "pad_token": "<pad>",
    "word_delimiter_token": "|",
    "unk_token": "<unk>",
    "bos_token": "<s>",
    "eos_token": "</s>",
}
# Its labels are phones, with spaces between them.
_OF_PHONES = "Wav2Vec2PhonemeCTCTokenizer"


@dataclass(frozen=True)
class CTCVocabulary:
    """Labels of a CTC head.

    Args:
        labels: one for each output; an empty string where an output has none.
        blank: index of the blank, which Hugging Face calls the padding.
        word_delimiter: the label between words.
        special: labels that are no text: the blank, the unknown, begin and end.
        lower_case: whether the text is in lower case, whatever the labels are.
        separator: between any two labels, such as the space between phones.

    >>> vocabulary = CTCVocabulary(("<pad>", "|", "A", "B"), blank=0, special=frozenset({"<pad>"}))
    >>> vocabulary.text([2, 2, 0, 2, 1, 1, 0, 3])
    'AA B'
    """

    labels: tuple[str, ...]
    blank: int = 0
    word_delimiter: str = "|"
    special: frozenset[str] = frozenset()
    lower_case: bool = False
    separator: str = ""

    def text(self, frames: Iterable[int]) -> str:
        """What the labels of all frames say: repetitions merged, blanks and special labels left out."""
        return self.decode_ids([label for label, _ in itertools.groupby(frames) if label != self.blank])

    def decode_ids(self, tokens: Iterable[int]) -> str:
        """The text of labels that were merged before."""
        said = (self.labels[token] for token in tokens)
        named = (" " if label == self.word_delimiter else label for label in said if label not in self.special)
        words = " ".join(self.separator.join(named).split())
        return words.lower() if self.lower_case else words

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
    def from_folder(
        cls, folder: Path, blank: int | None = None, *, outputs: int | None = None, language: str | None = None
    ) -> "CTCVocabulary":
        """From `vocab.json` and, where they are there, the files of the tokenizer beside it.

        Args:
            folder: of Hugging Face.
            blank: `pad_token_id` of its `config.json`, for a tokenizer that does not name its padding.
            outputs: of the head: labels beyond them are left out, and outputs without a label get an empty one.
            language: of which labels are wanted where there are some for each; by default the one that the
                tokenizer names.

        Raises:
            WeightsError: no vocabulary, or one that is not whole.
            ChoiceError: a language that it does not have.
        """
        settings = _settings(folder)
        indices = _of_language(
            _read(folder / "vocab.json"), folder / "vocab.json", language or settings.get("target_lang")
        )
        added, added_special = _added(folder)
        # A label of the vocabulary goes before one that was added in its place.
        everything = {**added, **indices}
        if not indices or not all(isinstance(i, int) and 0 <= i < 10**6 for i in everything.values()):
            raise WeightsError(f"{folder / 'vocab.json'} must map labels to their numbers", hint="fetch it again")
        labels = [""] * (max(everything.values()) + 1 if outputs is None else outputs)
        for label, index in everything.items():
            if index < len(labels):
                labels[index] = label
        named = {role: token for role, token in settings.items() if role in _DEFAULTS and isinstance(token, str)}
        tokens = _DEFAULTS | named
        padding = everything.get(named.get("pad_token", ""), blank)
        if padding is None or not 0 <= padding < len(labels):
            padding = next((everything[x] for x in (tokens["pad_token"], "[PAD]") if x in everything), 0)
        if padding >= len(labels):
            raise WeightsError(f"the blank of {folder} is no output of the model", hint="fetch it again")
        delimiter = tokens.pop("word_delimiter_token")
        special = {
            labels[padding],
            *tokens.values(),
            *added_special,
            *_texts(settings.get("additional_special_tokens")),
        }
        return cls(
            tuple(labels),
            padding,
            delimiter,
            frozenset(special & {*labels} - {delimiter}),
            bool(settings.get("do_lower_case", False)),
            " " if settings.get("tokenizer_class") == _OF_PHONES else "",
        )

    def to_files(self) -> dict[str, bytes]:
        """`vocab.json` and `tokenizer_config.json`, from which transformers reads the same labels."""
        vocabulary = {label: index for index, label in enumerate(self.labels) if label}
        tokens = {name: token for name, token in _DEFAULTS.items() if token in vocabulary}
        tokens |= {"pad_token": self.labels[self.blank], "word_delimiter_token": self.word_delimiter}
        kind = _OF_PHONES if self.separator else "Wav2Vec2CTCTokenizer"
        settings = {"tokenizer_class": kind, "do_lower_case": self.lower_case, **tokens}
        return {
            "vocab.json": json.dumps(vocabulary, ensure_ascii=False, indent=1).encode(),
            "tokenizer_config.json": json.dumps(settings, ensure_ascii=False, indent=1).encode(),
        }


def _settings(folder: Path) -> dict[str, Any]:
    """What the files of the tokenizer say; special tokens as texts, which may stand there as mappings."""
    settings = {**_read(folder / "special_tokens_map.json", {}), **_read(folder / "tokenizer_config.json", {})}
    # Where transformers 5 puts some.
    settings = {**settings, **dict(settings.get("model_specific_special_tokens") or {})}
    return {name: _text(value) for name, value in settings.items()}


def _of_language(indices: dict[str, Any], file: Path, language: Any) -> dict[str, Any]:
    """The labels of a language, in a vocabulary that has some for each; any other vocabulary as it is."""
    if not indices or not all(isinstance(value, dict) for value in indices.values()):
        return indices
    if not isinstance(language, str):
        raise WeightsError(
            f"{file} holds vocabularies of {len(indices)} languages", hint=f"name one, such as {next(iter(indices))}"
        )
    check_choice("language", language, indices)
    return indices[language]


def _added(folder: Path) -> tuple[dict[str, Any], list[str]]:
    """Labels with their numbers that are in no vocabulary, and those of them that are no text."""
    added = _read(folder / "added_tokens.json", {})
    special = []
    for index, token in dict(_read(folder / "tokenizer_config.json", {}).get("added_tokens_decoder") or {}).items():
        added[_text(token)] = int(index) if str(index).isdigit() else None
        if isinstance(token, dict) and token.get("special"):
            special.append(_text(token))
    return added, special


def _text(token: Any) -> Any:
    return token.get("content") if isinstance(token, dict) and "content" in token else token


def _texts(tokens: Any) -> list[str]:
    found = [_text(token) for token in tokens] if isinstance(tokens, list) else []
    return [token for token in found if isinstance(token, str)]


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
