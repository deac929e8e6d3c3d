import torch

from sonovox.models.wav2vec2 import EncoderWrapper
from sonovox.nn import TransformerEncoder

# SpeechBrain's numbers: tests/nn/test_reference_layers.py


def wrapper():
    torch.manual_seed(0)
    return EncoderWrapper(4, 8, TransformerEncoder(1, nhead=2, d_ffn=6, d_model=8)).eval()


def test_a_masked_frame_is_not_heard():
    wrapped, x = wrapper(), torch.randn(2, 9, 4)
    mask = torch.zeros(2, 9, dtype=torch.bool)
    mask[:, 3:5] = True
    changed = torch.where(mask.unsqueeze(-1), torch.randn(2, 9, 4), x)
    result = wrapped(x, mask=mask)
    torch.testing.assert_close(result["embeddings"], wrapped(changed, mask=mask)["embeddings"])
    assert not torch.allclose(result["embeddings"], wrapped(x)["embeddings"])
    assert result["num_masked"] == 4
    assert torch.isclose(result["ratio_masked"], torch.tensor(4 / 18))


def test_lengths_and_a_mask_of_padding_say_the_same():
    wrapped, x = wrapper(), torch.randn(2, 10, 4)
    padding = torch.zeros(2, 10, dtype=torch.bool)
    padding[1, 6:] = True
    by_lengths = wrapped(x, torch.tensor([1.0, 0.6]))["embeddings"]
    torch.testing.assert_close(by_lengths, wrapped(x, padding_mask=padding)["embeddings"])
    torch.testing.assert_close(by_lengths[1:, :6], wrapped(x[1:, :6])["embeddings"])
