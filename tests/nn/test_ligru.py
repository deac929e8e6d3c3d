import pytest
import torch

from sonovox._internal.errors import ChoiceError
from sonovox.nn import LiGRU, SLiGRU


@torch.no_grad()
def test_one_layer_is_the_published_recurrence():
    layer = LiGRU(3, [None, None, 2], "tanh", normalization="none").eval()
    own = layer.rnn[0]
    x = torch.randn(1, 6, 2)
    h, states = torch.zeros(1, 3), []
    for step in x.unbind(1):
        a, z = (own.w(step) + own.u(h)).chunk(2, 1)
        z = torch.sigmoid(z)
        h = z * h + (1 - z) * torch.tanh(a)
        states.append(h)
    result, last = layer(x)
    torch.testing.assert_close(result, torch.stack(states, 1))
    torch.testing.assert_close(last[0], h)


def test_states_go_on_where_they_were():
    layer = LiGRU(3, [None, None, 2], num_layers=2).eval()
    x = torch.randn(2, 8, 2)
    whole, _ = layer(x)
    first, h = layer(x[:, :5])
    torch.testing.assert_close(torch.cat((first, layer(x[:, 5:], h)[0]), 1), whole)


@pytest.mark.parametrize("build", [LiGRU, SLiGRU])
def test_backwards_is_forwards_of_the_reversed_signal(build):
    layer = build(3, [None, None, 2], bidirectional=True).eval()
    x = torch.randn(2, 8, 2)
    forwards, backwards = layer(x)[0].chunk(2, 2)
    torch.testing.assert_close(layer(x.flip(1))[0].chunk(2, 2)[0].flip(1), backwards)
    assert forwards.shape == backwards.shape


def test_dropped_features_are_the_same_at_all_steps():
    torch.manual_seed(0)
    layer = LiGRU(50, [None, None, 2], "tanh", normalization="none", dropout=0.5).train()
    states, _ = layer(torch.randn(1, 9, 2))
    dropped = (states[0] == 0).all(0)
    assert 10 < dropped.sum() < 45
    assert not (layer.eval()(torch.randn(1, 9, 2))[0] == 0).any()


def test_recurrent_weights_start_orthogonal():
    u = LiGRU(4, [None, None, 2]).rnn[0].u.weight
    torch.testing.assert_close(u.T @ u, torch.eye(4))


def test_unknown_names_are_refused():
    with pytest.raises(ChoiceError, match="did you mean relu"):
        LiGRU(3, [None, None, 2], "rellu")
    with pytest.raises(ChoiceError, match="normalization"):
        SLiGRU(3, [None, None, 2], ff_normalization="weight")


@pytest.mark.parametrize("normalization", ["batchnorm", "layernorm"])
def test_without_bias_the_shift_of_the_normalisation_is_not_trained(normalization):
    layer = LiGRU(3, input_shape=[None, None, 2], normalization=normalization, bias=False)
    shift = layer.rnn[0].norm.bias
    assert not shift.requires_grad
    assert not shift.any()
