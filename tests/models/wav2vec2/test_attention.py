import torch
from torch import nn

from sonovox.models.wav2vec2.attention import SelfAttention


def test_numbers_are_those_of_torch_multihead_attention():
    ours, theirs = SelfAttention(12, 3), nn.MultiheadAttention(12, 3, batch_first=True)
    theirs.in_proj_weight.data = torch.cat([ours.q_proj.weight, ours.k_proj.weight, ours.v_proj.weight])
    theirs.in_proj_bias.data = torch.cat([ours.q_proj.bias, ours.k_proj.bias, ours.v_proj.bias])
    theirs.out_proj.load_state_dict(ours.out_proj.state_dict())
    x, mask = torch.randn(2, 7, 12), torch.arange(7) < torch.tensor([[7], [4]])
    expected, _ = theirs(x, x, x, key_padding_mask=~mask)
    torch.testing.assert_close(ours(x, mask[:, None, None]), expected)
    torch.testing.assert_close(ours(x), theirs(x, x, x)[0])


def test_weights_are_dropped_in_training_only():
    attention, x = SelfAttention(8, 2, dropout=0.5), torch.randn(1, 20, 8)
    assert not torch.equal(attention(x), attention(x))
    attention.eval()
    assert torch.equal(attention(x), attention(x))
    assert "num_heads=2" in repr(attention)
