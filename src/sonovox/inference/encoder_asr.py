"""Speech to text by an encoder whose frames are labelled: CTC models."""

from typing import Any, ClassVar

from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.inference.piecewise_asr import PiecewiseASR
from sonovox.inference.wave_batches import wave_batch

__all__ = ["EncoderASR"]


class EncoderASR(PiecewiseASR):
    """A recogniser with an `encoder` that gives the (log-)probabilities of the labels for each frame.

    The YAML file has `modules: {encoder: …}`, called with waveforms `(batch, time)` and
    relative lengths; a `tokenizer`, of labels (`CTCTextEncoder`) or SentencePiece; and a
    `decoding_function` from probabilities and lengths to lists of tokens, such as
    `!name:sonovox.decoding.ctc_greedy_decode`. Where this names its `blank_id`, segments
    lie between pauses, and words have times.

    Memory does not grow with the length of a recording: one of more than 40 s is cut
    in pauses into pieces of 20 to 40 s, which are recognised one after the other.
    """

    HPARAMS_NEEDED: ClassVar[tuple[str, ...]] = ("tokenizer", "decoding_function")
    MODULES_NEEDED: ClassVar[tuple[str, ...]] = ("encoder",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not callable(self.hparams.decoding_function):
            raise ArgumentError(
                f"decoding_function must be a function, got {self.hparams.decoding_function!r}",
                hint="such as !name:sonovox.decoding.ctc_greedy_decode",
            )

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
        """What the `decoding_function` gives."""
        return self.hparams.decoding_function(encoded, wav_lens)

    def ctc_of(self, encoded: Tensor) -> tuple[Tensor, int] | None:
        """What `encode` gave, and the `blank_id` of the decoding function."""
        return None if self._blank is None else (encoded, self._blank % encoded.shape[2])

    @property
    def _blank(self) -> int | None:
        return getattr(self.hparams.decoding_function, "keywords", {}).get("blank_id")
