import io

import pytest
import torch

from sonovox.io import save


@pytest.fixture
def wave():
    """`wave(channels, frames)`: tone and noise below full scale, always the same."""

    def make(channels: int = 2, frames: int = 20000) -> torch.Tensor:
        noise = torch.rand(channels, frames, generator=torch.Generator().manual_seed(channels * frames)) - 0.5
        return 0.4 * torch.sin(torch.arange(frames) / 7.0) + 0.4 * noise

    return make


@pytest.fixture
def encoded():
    """`encoded(waveform, sample_rate, format="flac", ...)`: the bytes of the file that `save` makes."""

    def encode(waveform: torch.Tensor, sample_rate: int = 16000, **options: object) -> bytes:
        file = io.BytesIO()
        save(file, waveform, sample_rate, **options)
        return file.getvalue()

    return encode
