"""`WeightedSSLModel`: a learnt weighted mean of all hidden states of an encoder.

Yang et al., "SUPERB: Speech processing Universal PERformance Benchmark", 2021, section 3.
"""

import os
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox.integrations.huggingface.speech_encoder import SpeechEncoder

if TYPE_CHECKING:
    from sonovox.hub import Progress

__all__ = ["WeightedSSLModel"]


class WeightedSSLModel(SpeechEncoder):
    """A `SpeechEncoder` whose output is the mean of the hidden states, weighted by the softmax of `weights`.

    Args:
        hub: source of the model, see `SpeechEncoder`.
        save_path: of no effect, see there.
        layernorm: whether each frame of each hidden state is normalised before.
        freeze: the encoder, not `weights`.
        as_speechbrain: lengths and the normalisation of waveforms, which the model may want, have no effect.
        offline: see `SpeechEncoder`.
        progress: see there.

    Attributes:
        weights: `(layers + 1,)`, learnt; zeros at first, so that all states count alike.
    """

    weights: nn.Parameter

    def __init__(
        self,
        hub: str | os.PathLike[str],
        save_path: str | os.PathLike[str] = "",
        layernorm: bool = False,
        freeze: bool = False,
        *,
        as_speechbrain: bool | None = None,
        offline: bool | None = None,
        progress: "Progress | bool | None" = None,
    ) -> None:
        self.layernorm = layernorm
        super().__init__(
            hub,
            save_path,
            freeze=freeze,
            as_speechbrain=as_speechbrain,
            offline=offline,
            progress=progress,
        )

    def open(
        self,
        source: str | os.PathLike[str],
        *,
        offline: bool | None = None,
        progress: "Progress | bool | None" = None,
    ) -> None:
        """Read the model of `source`."""
        super().open(source, offline=offline, progress=progress)
        self.weights = nn.Parameter(torch.zeros(len(self.model.encoder.transformer.layers) + 1))

    def forward(self, wav: Tensor, wav_lens: Tensor | None = None) -> Tensor:
        """The weighted mean `(batch, frames, width)`; arguments as of `SpeechEncoder`."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.freeze):
            states, _ = self.hidden_states(wav, wav_lens)
        if self.layernorm:
            states = F.layer_norm(states, states.shape[-1:])
        return torch.einsum("l,lbtc->btc", self.weights.softmax(0), states)

    def _prepared(self, wav: Tensor, wav_lens: Tensor | None) -> tuple[Tensor, Tensor | None]:
        return (wav, None) if self.as_speechbrain else super()._prepared(wav, wav_lens)
