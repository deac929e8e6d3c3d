"""Whisper as a block of a pipeline: its encoder alone, or with its decoder for fine-tuning.

The block that SpeechBrain's tutorials put into a recipe, on our own model. The
features of each recording are limited below its own maximum; SpeechBrain takes
that of the whole batch, which `as_speechbrain` asks for.
"""

import os
from collections.abc import MutableMapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.log_mel import log10_mel, whisper_scale
from sonovox.integrations.huggingface.source import PretrainedBlock
from sonovox.models.whisper.convert import from_huggingface
from sonovox.models.whisper.folder import save_whisper
from sonovox.models.whisper.model import DecoderCache
from sonovox.models.whisper.pretrained import ALIASES, PRETRAINED, fetch_whisper, read_tokenizer, read_whisper
from sonovox.models.whisper.tokenizer import TASKS, WhisperTokenizer

if TYPE_CHECKING:
    from sonovox.hub import Progress
    from sonovox.models.whisper.model import Whisper as WhisperModel

__all__ = ["N_SAMPLES", "Whisper"]

N_SAMPLES = 480000  # 30 s


class Whisper(PretrainedBlock):
    """Whisper over recordings of up to 30 s.

    Args:
        source: a folder of Hugging Face, `owner/name`, an OpenAI `.pt`, or a name such as `tiny.en`.
        save_path: of no effect, for recipes that give it: models are kept in the cache of `sonovox.hub`.
        sampling_rate: of the recordings; Whisper hears 16000 Hz only.
        encoder_only: whether `forward` gives the encoder's output; it can be changed later.
        freeze: evaluation mode, whatever `train()` says, and no gradients.
        freeze_encoder: the same for the encoder alone.
        output_attentions: False; fused attention has no weights to give.
        output_all_hiddens: whether the encoder's output is that of all layers.
        language: code, such as `en`, for `prompt`; None for English.
        task: `"transcribe"` or `"translate"` (to English), for `prompt`.
        as_speechbrain: features are limited below the maximum of the batch; False by default.
        offline: use the cache only; None asks `SONOVOX_OFFLINE`.
        progress: see `hub.fetch`.

    Attributes:
        model: the `models.whisper.Whisper`.

    Raises:
        ArgumentError: another rate, or attentions.
        ChoiceError: another task.
        HubError: the model cannot be had.
        WeightsError: it is no Whisper model, or not whole.
    """

    model: "WhisperModel"
    published = frozenset({*PRETRAINED, *ALIASES})

    def __init__(
        self,
        source: str | os.PathLike[str],
        save_path: str | os.PathLike[str] | None = None,
        sampling_rate: int = 16000,
        encoder_only: bool = False,
        freeze: bool = False,
        freeze_encoder: bool = False,
        output_attentions: bool = False,
        output_all_hiddens: bool = False,
        language: str | None = None,
        task: str = "transcribe",
        *,
        as_speechbrain: bool | None = None,
        offline: bool | None = None,
        progress: "Progress | bool | None" = None,
    ) -> None:
        super().__init__(source, freeze)
        check_choice("task", task, sorted(TASKS))
        if sampling_rate != 16000:
            raise ArgumentError(f"sampling_rate must be 16000, got {sampling_rate}", hint="resample the recordings")
        if output_attentions:
            raise ArgumentError("output_attentions must be False: fused attention has no weights to give")
        self.sampling_rate = sampling_rate
        self.encoder_only = encoder_only
        self.freeze_encoder = freeze_encoder
        self.output_all_hiddens = output_all_hiddens
        self.language, self.task = language, task
        if as_speechbrain is not None:
            self.as_speechbrain = as_speechbrain
        self.register_load_state_dict_pre_hook(_translate_huggingface)
        if self.opens_itself:
            self.open(source, offline=offline, progress=progress)

    def extra_repr(self) -> str:
        options = ("encoder_only", "freeze", "freeze_encoder", "output_all_hiddens")
        return ", ".join([f"source={str(self.source)!r}", *(f"{name}=True" for name in options if getattr(self, name))])

    def open(
        self,
        source: str | os.PathLike[str],
        *,
        offline: bool | None = None,
        progress: "Progress | bool | None" = None,
    ) -> None:
        """Read the model of `source`; arguments and errors as of the class."""
        self._files = fetch_whisper(os.fspath(source), offline=offline, progress=progress)
        self.model = read_whisper(self._files)
        self.model.encoder.requires_grad_(not self.freeze_encoder)
        self.apply_freeze()

    def train(self, mode: bool = True) -> Any:
        """As of any module, but that what is frozen stays in evaluation mode."""
        super().train(mode)
        if self.freeze_encoder and self.is_open:
            self.model.encoder.eval()
        return self

    def forward(self, wav: Tensor, decoder_input_ids: Tensor | None = None) -> Any:
        """What the encoder and the decoder say of recordings.

        Args:
            wav: `(batch, time)` at 16 kHz; what is beyond 30 s is cut off.
            decoder_input_ids: `(batch, tokens)`, for teacher forcing; not needed with `encoder_only`.

        Returns:
            With `encoder_only` the states `(batch, 1500, width)`, or `(layers + 1, batch, 1500, width)` with
            `output_all_hiddens`; else these, the scores `(batch, tokens, vocabulary)` after each token, and None, where
            SpeechBrain has the attention.

        Raises:
            ArgumentError: no `decoder_input_ids` for the decoder, or another shape.
        """
        if not self.encoder_only and decoder_input_ids is None:
            raise ArgumentError("the decoder needs decoder_input_ids", hint="or encoder_only=True")
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.freeze):
            states = self.forward_encoder(self._mel(wav))
            if self.encoder_only or decoder_input_ids is None:
                return states
            audio = states[-1] if self.output_all_hiddens else states
            return states, self.model.decode(audio, decoder_input_ids), None

    def forward_encoder(self, mel: Tensor) -> Tensor:
        """The encoder's states of features `(batch, n_mels, 3000)`, as of `forward`."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not (self.freeze or self.freeze_encoder)):
            if self.output_all_hiddens:
                return torch.stack(self.model.encoder.hidden_states(mel))
            return self.model.encode(mel)

    def forward_decoder(
        self,
        encoder_states: Tensor,
        decoder_input_ids: Tensor,
        use_cache: bool = True,
        past_key_values: DecoderCache | None = None,
    ) -> tuple[Tensor, None, DecoderCache | None]:
        """Scores after each of `decoder_input_ids`, None, and the cache that the next call continues.

        Args:
            encoder_states: `(batch, 1500, width)`.
            decoder_input_ids: `(batch, tokens)`; with a cache those that are new.
            use_cache: whether a cache is made.
            past_key_values: that of the call before.
        """
        if past_key_values is None and not use_cache:
            return self.model.decode(encoder_states, decoder_input_ids), None, None
        cache = self.model.start(encoder_states) if past_key_values is None else past_key_values
        return self.model.logits(self.model.states(decoder_input_ids, cache)), None, cache

    def log_mel_spectrogram(self, audio: Tensor, padding: int = 0) -> Tensor:
        """Features `(batch, n_mels, time // 160)` of `audio` `(batch, time)` with so many zeros appended."""
        mel = log10_mel(F.pad(audio, (0, padding)), self.model.config.n_mels)
        if self.as_speechbrain:  # one maximum for all: items and bands as one axis
            return whisper_scale(mel.flatten(0, -2)).view_as(mel)
        return whisper_scale(mel)

    @staticmethod
    def pad_or_trim(array: Tensor, length: int = N_SAMPLES, axis: int = -1) -> Tensor:
        """`array` with zeros at its end, or cut, so that it is `length` long."""
        array = array.narrow(axis, 0, min(length, array.shape[axis]))
        missing = length - array.shape[axis]
        after = array.dim() - 1 - axis % array.dim()
        return F.pad(array, (*(0, 0) * after, 0, missing))

    def save(self, folder: str | os.PathLike[str], *, card: str = "") -> Path:
        """Write a folder that this block, `sonovox transcribe` and transformers read; see `save_whisper`."""
        return save_whisper(folder, self.model, self.tokenizer, card=card)

    @cached_property
    def tokenizer(self) -> WhisperTokenizer:
        """Text to tokens and back.

        Raises:
            WeightsError: the vocabulary of the model is not Whisper's.
        """
        return read_tokenizer(self._files, self.model.config)

    @property
    def prompt(self) -> list[int]:
        """The tokens before a text in `language` for `task`, without times."""
        return self.tokenizer.prefix(self.language or "en", self.task, timestamps=False)

    @property
    def bos(self) -> int:
        """The token that every text begins with."""
        return self.tokenizer.start

    @property
    def eos(self) -> int:
        """The token that every text ends with."""
        return self.tokenizer.end

    def _mel(self, wav: Tensor) -> Tensor:
        if wav.dim() != 2:
            raise ArgumentError(f"wav must be (batch, time), got {tuple(wav.shape)}", hint="add or average axes")
        return self.log_mel_spectrogram(self.pad_or_trim(wav, 160 * self.model.config.n_frames))


def _translate_huggingface(module: nn.Module, state_dict: MutableMapping[str, Any], prefix: str, *_: object) -> None:
    """Checkpoints of SpeechBrain hold the names of transformers, and a filter bank that we compute."""
    state_dict.pop(f"{prefix}_mel_filters", None)
    start = f"{prefix}model."
    theirs = {name.removeprefix(start): state_dict[name] for name in state_dict if name.startswith(start)}
    if not any("embed_positions" in name for name in theirs):
        return
    for name in theirs:
        del state_dict[start + name]
    state_dict.update({start + name: tensor for name, tensor in from_huggingface(theirs).items()})
