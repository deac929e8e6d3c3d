"""Speech to text by an encoder whose frames are labelled: CTC models."""

import os
from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.decoding.ctc_beam import CTCBeamSearcher, CTCHypothesis
from sonovox.inference.encoder_folders import encoder_folder, read_encoder_folder
from sonovox.inference.interface import HPARAMS_FILE
from sonovox.inference.piecewise_asr import PiecewiseASR
from sonovox.inference.wave_batches import wave_batch
from sonovox.models.wav2vec2.vocabulary import CTCVocabulary

__all__ = ["EncoderASR"]


class EncoderASR(PiecewiseASR):
    """A recogniser with an `encoder` that gives the (log-)probabilities of the labels for each frame.

    The YAML file has `modules: {encoder: …}`, called with waveforms `(batch, time)` and
    relative lengths; a `tokenizer`, of labels (`CTCTextEncoder`) or SentencePiece; and a
    `decoding_function` from probabilities and lengths to lists of tokens, such as
    `!name:sonovox.decoding.ctc_greedy_decode`. Where this names its `blank_id`, segments
    lie between pauses, and words have times. A `CTCBeamSearcher` finds better texts, see
    `set_decoding_function`.

    `from_hparams` also opens a Hugging Face folder or repository of wav2vec 2.0, HuBERT or WavLM
    with a CTC head, as `sonovox finetune` writes it. It has no YAML file for `overrides` to change, but
    `{"language": "fra"}` takes the adapters and labels of a language from a model that has some for many (MMS).
    A `language_model` in the folder is used, if it is an ARPA file or KenLM is installed.

    Memory does not grow with the length of a recording: one of more than 40 s is cut
    in pauses into pieces of 20 to 40 s, which are recognised one after the other.
    """

    HPARAMS_NEEDED: ClassVar[tuple[str, ...]] = ("tokenizer", "decoding_function")
    MODULES_NEEDED: ClassVar[tuple[str, ...]] = ("encoder",)
    decoding_function: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.set_decoding_function(self.hparams.decoding_function)

    def set_decoding_function(self, decoding_function: Any = None) -> None:
        """Search in another way from now on.

        Args:
            decoding_function: of (log-)probabilities and lengths; it gives lists of tokens, or for each item a list of
                `CTCHypothesis`, the best one first. Or the class `CTCBeamSearcher` or one like it, which is built
                with the tokenizer's labels and the `test_beam_search` of the YAML file. None for that of the YAML file.

        Raises:
            ArgumentError: no function, or arguments that the class does not take.
        """
        chosen = self.hparams.decoding_function if decoding_function is None else decoding_function
        if isinstance(chosen, type) and issubclass(chosen, CTCBeamSearcher):
            settings: dict[str, Any] = {"blank_index": getattr(self.hparams, "blank_index", 0)}
            settings |= dict(getattr(self.hparams, "test_beam_search", {}))
            chosen = chosen(vocab_list=self._labels(), **settings)
        if not callable(chosen):
            raise ArgumentError(
                f"decoding_function must be a function, got {chosen!r}",
                hint="such as !name:sonovox.decoding.ctc_greedy_decode",
            )
        # Beside the modules: a searcher is one, but has nothing to learn or to move.
        self.__dict__["decoding_function"] = chosen

    @classmethod
    def _read_source(
        cls, source: str | os.PathLike[str], hparams_file: str, overrides: Any, savedir: Any, **options: Any
    ) -> dict[str, Any]:
        where: dict[str, Any] = {name: options[name] for name in ("offline", "progress")}
        folder = encoder_folder(source, **where) if hparams_file == HPARAMS_FILE else None
        if folder is None:
            return super()._read_source(source, hparams_file, overrides, savedir, **options)
        if overrides and not (isinstance(overrides, Mapping) and set(overrides) <= {"language"}):
            raise ArgumentError(
                f"{source} is a Hugging Face folder, without a YAML file for overrides",
                hint='leave them out, but for {"language": "fra"} of models with adapters for languages',
            )
        return read_encoder_folder(folder, savedir, token=options["token"], **dict(overrides or {}), **where)

    @property
    def has_times(self) -> bool:
        """Whether words have times: with a decoding function that names its `blank_id`."""
        return self._blank is not None

    def forward(self, wavs: Tensor, wav_lens: Tensor | None = None) -> Tensor:
        """As `encode_batch`, with gradients."""
        return self.encode(*wave_batch(wavs, wav_lens, self.device))

    def encode(self, wavs: Tensor, wav_lens: Tensor) -> Tensor:
        """The (log-)probabilities of the labels, `(batch, frames, labels)`, of a batch that was checked."""
        return self.mods["encoder"](wavs, wav_lens)

    def search(self, encoded: Tensor, wav_lens: Tensor) -> list[list[int]]:
        """What the decoding function gives: the best of several hypotheses, where it gives these."""
        found = self.decoding_function(encoded, wav_lens)
        return [item[0].tokens if item and isinstance(item[0], CTCHypothesis) else item for item in found]

    def ctc_of(self, encoded: Tensor) -> tuple[Tensor, int] | None:
        """What `encode` gave, and the `blank_id` of the decoding function."""
        return None if self._blank is None else (encoded, self._blank % encoded.shape[2])

    @property
    def _blank(self) -> int | None:
        blank = getattr(self.decoding_function, "keywords", {}).get("blank_id")
        return getattr(self.decoding_function, "blank_index", None) if blank is None else blank

    def _labels(self) -> list[str]:
        if isinstance(self.tokenizer, CTCVocabulary):
            return self.tokenizer.texts()
        if hasattr(self.tokenizer, "id_to_piece"):
            return [self.tokenizer.id_to_piece(i) for i in range(self.tokenizer.vocab_size())]
        return [str(self.tokenizer.ind2lab[i]) for i in range(len(self.tokenizer.ind2lab))]
