import pytest
import torch

from sonovox.nn import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell


@pytest.mark.parametrize(
    ("cells", "layer"),
    [
        (GRUCell(5, input_size=4, num_layers=2), GRU(5, input_size=4, num_layers=2)),
        (LSTMCell(5, input_size=4, num_layers=2), LSTM(5, input_size=4, num_layers=2)),
        (RNNCell(5, input_size=4, num_layers=2), RNN(5, input_size=4, num_layers=2, nonlinearity="tanh")),
    ],
    ids=["gru", "lstm", "rnn"],
)
def test_steps_one_by_one_are_the_layers(cells, layer):
    for place in range(2):
        for name, parameter in cells.rnn_cells[place].named_parameters():
            layer.rnn.get_parameter(f"{name}_l{place}").data.copy_(parameter.data)
    x, hx, states = torch.randn(3, 7, 4), None, []
    for step in x.unbind(1):
        state, hx = cells(step, hx)
        states.append(state)
    expected, last = layer(x)
    torch.testing.assert_close(torch.stack(states, 1), expected)
    torch.testing.assert_close(hx, last)


def test_dropout_is_between_layers_only():
    cells = GRUCell(5, input_size=4, num_layers=1, dropout=1.0)
    assert (cells(torch.randn(3, 4))[0] != 0).any()
