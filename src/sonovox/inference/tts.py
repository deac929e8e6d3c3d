"""Speech from text: Tacotron 2 reads it as a mel spectrogram, HiFi-GAN makes the waveform of that."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from sonovox._internal.errors import ArgumentError
from sonovox.dsp.lengths import length_to_mask
from sonovox.inference.interface import Pretrained

__all__ = ["HIFIGAN", "Tacotron2"]


class Tacotron2(Pretrained):
    """Mel spectrograms of texts, from a model folder with `model` and `text_to_sequence`.

    Args:
        modules: see `Pretrained`, as are all up to `freeze_params`.
        hparams: with `text_to_sequence`, and maybe `text_cleaners`, the names it is called with.
        run_opts: see there.
        freeze_params: see there.
        ignore_padding: whether a text of a batch is read as if it were alone (but for dropout). What SpeechBrain
            computes is without: shorter texts hear that the batch goes on.

    Attributes:
        text_cleaners: `["english_cleaners"]` where the folder says nothing.

    ```python
    reader = Tacotron2.from_hparams("speechbrain/tts-tacotron2-ljspeech")
    vocoder = HIFIGAN.from_hparams("speechbrain/tts-hifigan-ljspeech")
    mel, mel_lengths, alignments = reader.encode_text("Mary had a little lamb.")
    waveform = vocoder.decode_batch(mel)
    ```
    """

    MODULES_NEEDED: ClassVar[tuple[str, ...]] = ("model",)
    HPARAMS_NEEDED: ClassVar[tuple[str, ...]] = ("text_to_sequence",)

    def __init__(
        self,
        modules: Mapping[str, nn.Module] | None = None,
        hparams: Mapping[str, Any] | None = None,
        run_opts: Any = None,
        freeze_params: bool = True,
        *,
        ignore_padding: bool = False,
    ) -> None:
        super().__init__(modules, hparams, run_opts, freeze_params)
        self.text_cleaners: Sequence[str] = getattr(self.hparams, "text_cleaners", ["english_cleaners"])
        if ignore_padding:
            self._model.ignore_padding = True

    @property
    def most_frames(self) -> int:
        """Where a spectrogram ends if the model does not find its end."""
        return self._model.decoder.decoder_max_step

    @property
    def _model(self) -> Any:
        return self.mods["model"]

    def text_to_seq(self, txt: str) -> tuple[list[int], int]:
        """The symbols of a text, and how many there are.

        Raises:
            ArgumentError: there are none.
        """
        sequence = self.hparams.text_to_sequence(txt, self.text_cleaners)
        if not sequence:
            raise ArgumentError(f"{txt!r} has nothing that the model could say", hint="write numbers as words")
        return sequence, len(sequence)

    def encode_batch(
        self, texts: Sequence[str], *, dropout: bool = True, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Mel spectrograms, their frames, and where in the text each frame was.

        Args:
            texts: in any order.
            dropout: the model was trained to read with some of its units out, and reads a text differently each
                time; False for the same each time, often worse.
            generator: draws which units, on the device of the model; torch's own if None.

        Returns:
            `(batch, mels, frames)`; `(batch,)`; `(batch, frames, symbols)`.

        Raises:
            ArgumentError: no texts, or one of which nothing can be said.
        """
        if not texts:
            raise ArgumentError("texts must have at least one text, got none", hint="give a list of strings")
        if isinstance(texts, str):
            raise ArgumentError(
                f"texts must be a list, got the text {texts!r}", hint="call encode_text, or give [text]"
            )
        sequences = [torch.tensor(self.text_to_seq(text)[0]) for text in texts]
        counts = torch.tensor([len(sequence) for sequence in sequences])
        tokens = pad_sequence(sequences, batch_first=True)
        return self._model.infer(tokens.to(self.device), counts.to(self.device), dropout=dropout, generator=generator)

    def encode_text(
        self, text: str, *, dropout: bool = True, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """As `encode_batch`, of one text, with a batch of one."""
        return self.encode_batch([text], dropout=dropout, generator=generator)

    def forward(self, texts: Sequence[str]) -> tuple[Tensor, Tensor, Tensor]:
        """As `encode_batch`."""
        return self.encode_batch(texts)


class HIFIGAN(Pretrained):
    """Waveforms of mel spectrograms, from a model folder with `generator`.

    With `freeze_params` its weight normalisation is folded into the weights, which changes no number and is faster.

    Args:
        modules: see `Pretrained`, as are the others.
        hparams: see there.
        run_opts: see there.
        freeze_params: see there.
        ignore_padding: whether each spectrogram of a batch, of which `mel_lens` are given, becomes what it becomes
            alone, and silence follows. What SpeechBrain computes is without: shorter ones hear what they are padded
            with, and end `inference_padding` frames too early.
    """

    MODULES_NEEDED: ClassVar[tuple[str, ...]] = ("generator",)

    def __init__(
        self,
        modules: Mapping[str, nn.Module] | None = None,
        hparams: Mapping[str, Any] | None = None,
        run_opts: Any = None,
        freeze_params: bool = True,
        *,
        ignore_padding: bool = False,
    ) -> None:
        super().__init__(modules, hparams, run_opts, freeze_params)
        self.ignore_padding = ignore_padding
        if freeze_params:
            self._generator.remove_weight_norm()
            self.requires_grad_(False)  # the folded weights are new ones

    @property
    def n_mels(self) -> int:
        """Bands of the spectrograms that it takes."""
        return self._generator.in_channels

    @property
    def _generator(self) -> Any:
        return self.mods["generator"]

    def decode_batch(self, spectrogram: Tensor, mel_lens: Tensor | None = None, hop_len: int | None = None) -> Tensor:
        """Waveforms, `(batch, 1, time)`, from -1 to 1: `inference_padding` frames more at both ends.

        Args:
            spectrogram: `(batch, mels, frames)`.
            mel_lens: frames of each item, `(batch,)`; with `hop_len`, the rest is silence, see `mask_noise`.
            hop_len: samples of a frame.

        Raises:
            ArgumentError: `mel_lens` without `hop_len`.
        """
        if mel_lens is not None and hop_len is None:
            raise ArgumentError("mel_lens needs hop_len", hint="give hop_len, the samples of a frame")
        generator, spectrogram = self._generator, spectrogram.to(self.device)
        if mel_lens is None or hop_len is None:
            return generator.inference(spectrogram)
        counts = torch.as_tensor(mel_lens, device=self.device)
        if not self.ignore_padding:
            return self.mask_noise(generator.inference(spectrogram), counts, hop_len)
        waveform = generator.inference(spectrogram, counts=counts)
        return self.mask_noise(waveform, counts + 2 * generator.inference_padding, hop_len)

    def mask_noise(self, waveform: Tensor, mel_lens: Tensor, hop_len: int) -> Tensor:
        """`waveform`, `(batch, 1, time)`, with zeros after `mel_lens * hop_len` samples of each item."""
        counts = mel_lens.to(waveform.device) * hop_len
        return waveform * length_to_mask(counts, waveform.shape[-1], waveform.dtype).unsqueeze(1)

    def decode_spectrogram(self, spectrogram: Tensor) -> Tensor:
        """The waveform, `(1, time)`, of one spectrogram, `(mels, frames)`; see `decode_batch`."""
        return self.decode_batch(spectrogram.unsqueeze(0)).squeeze(0)

    def forward(self, spectrogram: Tensor) -> Tensor:
        """As `decode_batch`."""
        return self.decode_batch(spectrogram)
