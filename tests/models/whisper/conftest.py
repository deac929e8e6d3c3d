import pytest
import torch

from sonovox.models.whisper.config import WhisperConfig
from sonovox.models.whisper.model import Whisper

SMALL = WhisperConfig(
    n_mels=8, vocab_size=60, d_model=32, n_heads=2, n_encoder_layers=2, n_decoder_layers=2, n_audio_positions=12,
    n_text_positions=20,
)  # fmt: skip


@pytest.fixture
def small_whisper():
    """A model of 60 tokens over 24 frames whose weights are a formula, so that any machine has the same."""
    model = Whisper(SMALL)
    weights = {}
    for i, (name, tensor) in enumerate(sorted(model.state_dict().items())):
        count = torch.arange(tensor.numel(), dtype=torch.float64).view(tensor.shape)
        scale = 1.0 if "norm.weight" in name or name.endswith("feed_forward.0.weight") else 0.0
        weights[name] = (scale + 0.3 * torch.sin(0.7 * count + i)).float()
        if name.endswith("qkv.bias"):
            weights[name][32:64] = 0.0
        if name.endswith("kv.bias") and "cross" in name:
            weights[name][:32] = 0.0
    model.load_state_dict(weights)
    return model.eval()


@pytest.fixture
def small_mel():
    return torch.sin(0.3 * torch.arange(2 * 8 * 24, dtype=torch.float64)).float().view(2, 8, 24)
