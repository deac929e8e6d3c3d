import pytest
import torch
import torch.nn.functional as F

from sonovox._internal.errors import ArgumentError
from sonovox.nn import HyperMixing
from sonovox.nn.attention_masks import get_lookahead_mask


def test_steps_are_mixed_by_the_network_that_they_make():
    """Mai et al., eq. 4: a sequence X becomes W2 gelu(W1' X), whose rows are functions of the steps."""
    mixing = HyperMixing(8, 6)
    x = torch.randn(1, 5, 8)

    def rows(generator):
        steps = (x + mixing.positional_encoding(x))[0]
        hidden = F.gelu(F.linear(steps, generator.fc1_weights[0], generator.fc1_biases[0]))
        return F.linear(hidden, generator.fc2_weights[0], generator.fc2_biases[0])

    w1, w2 = rows(mixing.hyper.w1_gen), rows(mixing.hyper.w2_gen)
    mixed = w2 @ F.gelu(w1.T @ x[0])
    expected = F.layer_norm(mixed, (8,), mixing.layer_norm.weight, mixing.layer_norm.bias)
    torch.testing.assert_close(mixing(x, x, x)[0][0], expected)


def test_heads_do_not_see_each_other():
    mixing = HyperMixing(8, 6, num_heads=2)
    mixing.layer_norm = torch.nn.Identity()
    x = torch.randn(1, 5, 8)
    changed = torch.cat((x[..., :4], torch.randn(1, 5, 4)), dim=-1)
    before, after = mixing(x, x, x)[0], mixing(changed, changed, changed)[0]
    torch.testing.assert_close(before[..., :4], after[..., :4])
    assert not torch.allclose(before[..., 4:], after[..., 4:])


@pytest.mark.parametrize(("fixed", "width"), [(True, 6), (False, 3)])
def test_hidden_units_are_those_of_all_heads_or_of_each(fixed, width):
    mixing = HyperMixing(8, 6, num_heads=2, fix_tm_hidden_size=fixed)
    assert mixing.hyper.w1_gen.fc2_weights.shape == (2, width, 4)


def test_tied_layers_have_one_network():
    mixing = HyperMixing(8, 6, tied=True)
    x = torch.randn(1, 5, 8)
    w1, w2 = mixing.hyper(x)
    assert w1 is w2
    assert sum(p.numel() for p in mixing.parameters()) < sum(p.numel() for p in HyperMixing(8, 6).parameters())
    assert mixing(x, x, x)[0].shape == x.shape


def test_the_future_cannot_be_hidden():
    x = torch.randn(1, 5, 8)
    with pytest.raises(ArgumentError, match="attn_mask must be None"):
        HyperMixing(8, 6)(x, x, x, attn_mask=get_lookahead_mask(x))


def test_heads_divide_the_hidden_units():
    with pytest.raises(ArgumentError, match="7 features"):
        HyperMixing(8, 7, num_heads=2)
