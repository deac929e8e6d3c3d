"""Text <-> pieces of words: a SentencePiece tokenizer, trained on the text of a corpus.

T. Kudo and J. Richardson, "SentencePiece: a simple and language independent subword tokenizer and
detokenizer for neural text processing", EMNLP 2018.
"""

import hashlib
import io
import json
import os
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import sentencepiece
import torch
from filelock import FileLock
from torch import Tensor

from sonovox._internal.checks import check_choice, check_positive
from sonovox._internal.errors import ArgumentError, DataError, SonovoxWarning, UnknownKeyError
from sonovox._internal.files import write_bytes, write_text
from sonovox.data.item_files import read_csv, read_json
from sonovox.data.padding import batch_pad_right, undo_padding
from sonovox.data.words import merge_char

__all__ = ["SentencePiece"]

_MODEL_TYPES = ["unigram", "bpe", "char", "word"]
_FORMATS = ["csv", "json"]


class SentencePiece:
    """A tokenizer, which is trained unless its folder has it already.

    The folder then holds `{vocab_size}_{model_type}.model`, and beside it the settings in JSON. A tokenizer of other
    settings is never replaced, since models may have been trained with it.

    Args:
        model_dir: folder of the tokenizer.
        vocab_size: number of pieces.
        annotation_train: CSV or JSON file whose items have the text; None for a tokenizer that is there.
        annotation_read: the column, or key, of the text.
        model_type: `"unigram"`, `"bpe"`, `"char"` or `"word"`.
        char_format_input: the text is in characters with spaces between, `a b _ c`.
        character_coverage: share of the characters of the text that become pieces; the rest is unknown.
        user_defined_symbols: pieces that must be there, with commas between.
        max_sentencepiece_length: of a piece, in characters.
        bos_id: index of the mark of the beginning, -1 for none.
        eos_id: index of the mark of the end, -1 for none.
        pad_id: index of the padding, -1 for none.
        unk_id: index of what is unknown.
        split_by_whitespace: pieces do not reach over spaces.
        num_sequences: train on the first so many; None for all.
        annotation_list_to_check: files of which all text should be recovered; a warning counts what is not.
        annotation_format: `"csv"` or `"json"`.
        text_file: text to train on, a sentence a line; written from the annotations if it is not there.
        add_dummy_prefix: a space is put before the text, so that its first word is as the others.

    Attributes:
        sp: the `sentencepiece.SentencePieceProcessor`, with `encode_as_ids(text)`, `decode_ids(ids)` and more.

    Raises:
        ArgumentError: no text to train on, a vocabulary that the text does not allow, or other settings than those of
            the tokenizer that is there.
        DataError: annotations that cannot be read.
    """

    def __init__(
        self,
        model_dir: str | os.PathLike[str],
        vocab_size: int,
        annotation_train: str | os.PathLike[str] | None = None,
        annotation_read: str | None = None,
        model_type: str = "unigram",
        char_format_input: bool = False,
        character_coverage: float = 1.0,
        user_defined_symbols: str | None = None,
        max_sentencepiece_length: int = 10,
        bos_id: int = -1,
        eos_id: int = -1,
        pad_id: int = -1,
        unk_id: int = 0,
        split_by_whitespace: bool = True,
        num_sequences: int | None = None,
        annotation_list_to_check: Sequence[str | os.PathLike[str]] | None = None,
        annotation_format: str = "csv",
        text_file: str | os.PathLike[str] | None = None,
        add_dummy_prefix: bool = True,
    ) -> None:
        check_choice("model_type", model_type, _MODEL_TYPES)
        check_choice("annotation_format", annotation_format, _FORMATS)
        check_positive("vocab_size", int(vocab_size))
        self._settings: dict[str, Any] = {
            "vocab_size": int(vocab_size),
            "model_type": model_type,
            "character_coverage": character_coverage,
            "user_defined_symbols": user_defined_symbols or "",
            "max_sentencepiece_length": max_sentencepiece_length,
            "bos_id": bos_id,
            "eos_id": eos_id,
            "pad_id": pad_id,
            "unk_id": unk_id,
            "split_by_whitespace": split_by_whitespace,
            "add_dummy_prefix": add_dummy_prefix,
        }
        self._annotations = _Annotations(annotation_read, annotation_format, char_format_input)
        self.prefix_model_file = str(Path(model_dir) / f"{vocab_size}_{model_type}")
        self.model_file = Path(f"{self.prefix_model_file}.model")
        self._settings_file = Path(f"{self.prefix_model_file}.json")
        texts = self._texts(annotation_train, text_file, num_sequences)
        self.model_file.parent.mkdir(parents=True, exist_ok=True)
        # Of several processes that start together one trains, and the others find what it wrote.
        with FileLock(f"{self.prefix_model_file}.lock"):
            if not self.model_file.is_file():
                self._train(texts)
        self.sp = sentencepiece.SentencePieceProcessor(model_file=str(self.model_file))
        self._check_matches(texts)
        for path in annotation_list_to_check or ():
            self._check_recovers(path)

    def __call__(
        self,
        batch: Any,
        batch_lens: Tensor | None = None,
        ind2lab: Mapping[int, str] | None = None,
        task: str = "encode",
    ) -> Any:
        """Pieces of a batch, or its words.

        Args:
            batch: to encode, indices of labels `(batch, time)`; to decode, indices of pieces, so or in lists.
            batch_lens: shares of the time axis in (0, 1].
            ind2lab: index -> label, to encode.
            task: `"encode"`, `"decode"` (a tensor), or `"decode_from_list"`.

        Returns:
            To encode, indices `(batch, longest)` and their lengths in (0, 1]; to decode, a list of words for each item.
        """
        check_choice("task", task, ["encode", "decode", "decode_from_list"])
        if task == "decode_from_list":
            return [self.sp.decode_ids(list(ids)).split(" ") for ids in batch]
        if batch_lens is None:
            raise ArgumentError(
                f"task {task!r} needs batch_lens", hint="torch.ones(len(batch)) where nothing is padded"
            )
        items = undo_padding(batch, batch_lens)
        if task == "decode":
            return [self.sp.decode_ids(ids).split(" ") for ids in items]
        if ind2lab is None:
            raise ArgumentError("task 'encode' needs ind2lab", hint="give the ind2lab of the label encoder")
        texts = [" ".join(self._annotations.words(ind2lab[index] for index in item)) for item in items]
        return batch_pad_right([torch.tensor(self.sp.encode_as_ids(text)) for text in texts])

    def _texts(
        self,
        annotation_train: str | os.PathLike[str] | None,
        text_file: str | os.PathLike[str] | None,
        count: int | None,
    ) -> list[str] | None:
        """What to train on, or None where that is not known (which a tokenizer that is there does not need)."""
        if text_file is not None and Path(text_file).is_file():
            return Path(text_file).read_text(encoding="utf-8").splitlines()[:count]
        if annotation_train is None or not Path(annotation_train).is_file():
            if not self.model_file.is_file():
                given = "none was given" if annotation_train is None else f"there is no file {annotation_train}"
                raise ArgumentError(
                    f"no tokenizer {self.model_file}, and text to train one on: {given}",
                    hint="give annotation_train and annotation_read",
                )
            return None
        texts = self._annotations.read(annotation_train)[:count]
        if text_file is not None:
            write_text(text_file, "".join(f"{text}\n" for text in texts))
        return texts

    def _train(self, texts: list[str] | None) -> None:
        settings = {name: value for name, value in self._settings.items() if value != ""}
        written = io.BytesIO()
        longest = max((len(text.encode()) for text in texts or ()), default=0)
        try:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(texts or ()),
                model_writer=written,
                minloglevel=2,
                max_sentence_length=max(4192, longest + 1),  # longer ones would be left out without a word
                **settings,
            )
        except (RuntimeError, OSError, ValueError) as error:
            raise _told(error, self._settings["vocab_size"], len(texts or ())) from error
        write_text(self._settings_file, json.dumps(self._settings | {"text": _fingerprint(texts or ())}, indent=1))
        write_bytes(self.model_file, written.getvalue())

    def _check_matches(self, texts: list[str] | None) -> None:
        """Refuse a tokenizer of other settings."""
        there: dict[str, Any] = {
            name: getattr(self.sp, name)() for name in ("vocab_size", "bos_id", "eos_id", "pad_id", "unk_id")
        }
        if self._settings_file.is_file():  # SpeechBrain's folders have none
            there = json.loads(self._settings_file.read_text(encoding="utf-8")) | there
        other = {name: value for name, value in self._settings.items() if there.get(name, value) != value}
        if other:
            was = ", ".join(f"{name} {there[name]!r} (asked: {value!r})" for name, value in other.items())
            raise ArgumentError(
                f"{self.model_file} is a tokenizer of other settings: {was}",
                hint="ask for these, or choose another model_dir",
            )
        if texts is not None and there.get("text", _fingerprint(texts)) != _fingerprint(texts):
            warnings.warn(
                f"{self.model_file} was trained on other text, and is used as it is; choose another model_dir to train",
                SonovoxWarning,
                stacklevel=3,
            )

    def _check_recovers(self, path: str | os.PathLike[str]) -> None:
        texts = self._annotations.read(path)
        lost = [text for text in texts if self.sp.decode_ids(self.sp.encode_as_ids(text)) != " ".join(text.split())]
        if lost:
            warnings.warn(
                f"{len(lost)} of {len(texts)} texts of {path} are not recovered from their pieces, first {lost[0]!r}; "
                "does the training text lack some characters?",
                SonovoxWarning,
                stacklevel=3,
            )


class _Annotations:
    """Reads the text of files of items."""

    def __init__(self, key: str | None, file_format: str, is_characters: bool) -> None:
        self.key = key
        self.read_items = read_csv if file_format == "csv" else read_json
        self.is_characters = is_characters

    def read(self, path: str | os.PathLike[str]) -> list[str]:
        if self.key is None:
            raise ArgumentError(
                "annotation_read must name the key of the text", hint='for example annotation_read="wrd"'
            )
        items = self.read_items(path)
        try:
            texts = [item[self.key] for item in items.values()]
        except KeyError:
            raise UnknownKeyError(
                f"{path}: all items must have {self.key!r}; there are {', '.join(items.all_keys)}"
            ) from None
        return [" ".join(self.words(text.split())) for text in texts] if self.is_characters else texts

    def words(self, parts: Iterable[str]) -> list[str]:
        """Words of words, or of characters with a mark between."""
        return merge_char([list(parts)])[0] if self.is_characters else list(parts)


def _fingerprint(texts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\n")
    return digest.hexdigest()


def _told(error: Exception, vocab_size: int, count: int) -> Exception:
    """What went wrong in the words of the caller."""
    if not count:
        return ArgumentError("there is no text to train on", hint="are the annotations empty?")
    said = str(error)
    if most := re.search(r"Vocabulary size too high.*?<= ?(\d+)", said):
        return ArgumentError(
            f"vocab_size must be at most {most[1]} for these {count} texts, got {vocab_size}",
            hint="lower vocab_size, or train on more text",
        )
    if least := re.search(r"smaller than required_chars\.? \d+ vs (\d+)", said):
        return ArgumentError(
            f"vocab_size must be at least {least[1]}, the number of characters, got {vocab_size}",
            hint="raise vocab_size, or lower character_coverage",
        )
    return DataError(f"the tokenizer could not be trained on {count} texts: {said}")
