"""An encoder with its CTC head as one module from waveforms to log-probabilities of labels."""

import torch
from torch import Tensor, nn

from sonovox.dsp.lengths import lengths_to_counts
from sonovox.models.wav2vec2.preprocessor import normalize_items
from sonovox.models.wav2vec2.pretrained import PretrainedWav2Vec2

__all__ = ["Wav2Vec2CTC"]

# transformers' processor adds this to the variance of waveforms.
_EPSILON = 1e-7


class Wav2Vec2CTC(nn.Module):
    """Log-probabilities of the labels for each frame; each item of a batch has those that it has alone.

    Args:
        pretrained: a model with a head.

    Attributes:
        freeze_encoder: whether only the head gets gradients.
    """

    def __init__(self, pretrained: PretrainedWav2Vec2) -> None:
        super().__init__()
        self.model = pretrained.model
        self.model.ignore_padding()
        self.do_normalize = pretrained.preprocessor.do_normalize
        self.freeze_encoder = False

    def forward(self, wavs: Tensor, wav_lens: Tensor | None = None) -> Tensor:
        """`[batch, frames, labels]` of `wavs` `[batch, samples]`; `wav_lens` `[batch]` are shares of the longest."""
        counts = None if wav_lens is None else lengths_to_counts(wav_lens.to(wavs.device), wavs.shape[1])
        if self.do_normalize:
            wavs = normalize_items(wavs, counts, _EPSILON)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.freeze_encoder):
            states, _ = self.model.encode(wavs, counts)
        return self.model.label(states).float().log_softmax(-1)
