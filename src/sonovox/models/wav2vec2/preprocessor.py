"""What stands before an encoder: its sample rate, and whether waveforms are normalised."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from sonovox._internal.errors import WeightsError
from sonovox.dsp.lengths import length_to_mask

__all__ = ["Preprocessor", "normalize_items"]


@dataclass(frozen=True)
class Preprocessor:
    """Of `preprocessor_config.json` of a Hugging Face folder.

    Args:
        sample_rate: in Hz.
        do_normalize: whether waveforms get zero mean and unit variance.
    """

    sample_rate: int = 16000
    do_normalize: bool = True

    @classmethod
    def from_folder(cls, folder: Path) -> "Preprocessor":
        """From `preprocessor_config.json`, or that part of `processor_config.json`; the defaults without either.

        Raises:
            WeightsError: the file is damaged.
        """
        for file in (folder / "preprocessor_config.json", folder / "processor_config.json"):
            if not file.is_file():
                continue
            try:
                config = json.loads(file.read_bytes())
                config = config.get("feature_extractor", config)
                return cls(int(config.get("sampling_rate", 16000)), bool(config.get("do_normalize", True)))
            except (ValueError, AttributeError, TypeError) as error:
                raise WeightsError(f"{file} cannot be read: {error}", hint="fetch it again") from error
        return cls()

    def to_huggingface(self) -> Mapping[str, Any]:
        """The content of `preprocessor_config.json`."""
        return {
            "feature_extractor_type": "Wav2Vec2FeatureExtractor",
            "do_normalize": self.do_normalize,
            "feature_size": 1,
            "padding_side": "right",
            "padding_value": 0.0,
            "return_attention_mask": True,
            "sampling_rate": self.sample_rate,
        }


def normalize_items(x: Tensor, counts: Tensor | None = None, eps: float = 1e-5) -> Tensor:
    """`x` with zero mean and unit variance for each item over its true length; the padding becomes zero.

    Args:
        x: `[batch, steps, ...]`; all other axes belong to the moments too.
        counts: `[batch]`, steps of each item; all where None.
        eps: added to the variance.

    >>> normalize_items(torch.tensor([[1.0, 3.0, 0.0, 0.0]]), torch.tensor([2])).round(decimals=3)
    tensor([[-1.,  1.,  0.,  0.]])
    """
    if counts is None:
        return F.layer_norm(x, x.shape[1:], eps=eps)
    padding = ~length_to_mask(counts, x.shape[1], torch.bool).view(*x.shape[:2], *[1] * (x.dim() - 2))
    axes = tuple(range(1, x.dim()))
    number = counts.clamp(min=1).to(x.dtype).view(-1, *[1] * (x.dim() - 1)) * (x[0, 0].numel())
    mean = x.masked_fill(padding, 0).sum(axes, keepdim=True) / number
    centred = (x - mean).masked_fill(padding, 0)
    return centred * (centred.square().sum(axes, keepdim=True) / number + eps).rsqrt()
