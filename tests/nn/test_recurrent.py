import pytest
import torch
from torch import nn

from sonovox._internal.errors import ChoiceError
from sonovox.nn import GRU, LSTM, RNN
from sonovox.nn.recurrent import initialise_recurrence

PAIRS = [(GRU, nn.GRU), (LSTM, nn.LSTM), (RNN, nn.RNN)]


def _pair(ours, torchs, **arguments):
    layer = ours(5, input_size=4, num_layers=2, bidirectional=True, **arguments)
    extra = {"nonlinearity": "relu"} if torchs is nn.RNN else {}
    peer = torchs(4, 5, num_layers=2, bidirectional=True, batch_first=True, **arguments, **extra)
    peer.load_state_dict(layer.rnn.state_dict())
    return layer.eval(), peer.eval()


@pytest.mark.parametrize(("ours", "torchs"), PAIRS)
@pytest.mark.parametrize("bias", [True, False])
def test_numbers_are_those_of_torch(ours, torchs, bias):
    layer, peer = _pair(ours, torchs, bias=bias)
    x = torch.randn(3, 9, 4)
    torch.testing.assert_close(layer(x), peer(x))
    _, last = peer(x)
    torch.testing.assert_close(layer(x, last), peer(x, last))


@pytest.mark.parametrize(("ours", "torchs"), PAIRS)
def test_each_item_ends_where_its_length_says(ours, torchs):
    layer, peer = _pair(ours, torchs)
    x, counts = torch.randn(3, 9, 4), [4, 9, 6]
    states, last = layer(x, lengths=torch.tensor(counts) / 9)
    for item, steps in enumerate(counts):
        alone, alone_last = peer(x[item : item + 1, :steps])
        torch.testing.assert_close(states[item : item + 1, :steps], alone)
        assert torch.equal(states[item, steps:], torch.zeros(9 - steps, 10))
        ends = zip(last, alone_last, strict=True) if isinstance(last, tuple) else [(last, alone_last)]
        for end, alone_end in ends:
            torch.testing.assert_close(end[:, item : item + 1], alone_end)


def test_half_a_step_is_no_step():
    states, _ = GRU(5, input_size=4)(torch.randn(1, 9, 4), lengths=torch.tensor([0.7]))  # 6.3
    assert int((states[0].abs().sum(1) > 0).sum()) == 6


@pytest.mark.parametrize("ours", [GRU, LSTM, RNN])
def test_lengths_compile_and_export_with_gradients(ours):
    layer = ours(5, input_size=4, num_layers=2, bidirectional=True, dropout=0.2).eval()
    x, lengths = torch.randn(3, 9, 4), torch.tensor([1.0, 0.5, 0.25])
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(x, None, lengths), layer(x, None, lengths))
    gradients = [
        torch.autograd.grad(run(x, None, lengths)[0].sin().sum(), list(layer.parameters())) for run in (compiled, layer)
    ]
    torch.testing.assert_close(*gradients)
    shapes = ({1: torch.export.Dim.AUTO}, None, None)
    program = torch.export.export(layer, (x, None, lengths), dynamic_shapes=shapes).module()
    longer = torch.randn(3, 20, 4)
    torch.testing.assert_close(program(longer, None, lengths), layer(longer, None, lengths))


def test_weights_have_the_names_of_torch():
    assert set(LSTM(5, input_size=4).rnn.state_dict()) == set(nn.LSTM(4, 5).state_dict())


def test_features_of_four_dimensions_are_joined():
    layer = GRU(5, input_shape=[None, None, 3, 2])
    x = torch.randn(2, 9, 3, 2)
    torch.testing.assert_close(layer(x)[0], layer(x.flatten(2))[0])


def test_recurrent_weights_start_orthogonal_where_asked():
    weight = GRU(5, input_size=4).rnn.weight_hh_l0
    torch.testing.assert_close(weight.T @ weight, torch.eye(5))
    plain = GRU(5, input_size=4, re_init=False).rnn.weight_hh_l0
    assert not torch.allclose(plain.T @ plain, torch.eye(5), atol=0.1)
    initialise_recurrence(nn.Linear(2, 2))  # has none: nothing happens


def test_an_unknown_nonlinearity_is_refused():
    with pytest.raises(ChoiceError, match="nonlinearity"):
        RNN(5, input_size=4, nonlinearity="sin")
