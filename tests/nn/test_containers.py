import functools

import pytest
import torch
from torch import nn

from sonovox._internal.errors import ArgumentError
from sonovox.nn import (
    GRU,
    LSTM,
    RNN,
    BatchNorm1d,
    Conv1d,
    InputNormalization,
    LengthsCapableSequential,
    LiGRU,
    Linear,
    ModuleList,
    Sequential,
    SLiGRU,
)


def test_layers_learn_the_shape_of_what_comes_before_them():
    model = Sequential(input_shape=[None, None, 40])
    model.append(Conv1d, out_channels=8, kernel_size=5, stride=2, layer_name="conv")
    model.append(GRU, hidden_size=6, bidirectional=True, layer_name="rnn")
    model.append(functools.partial(Linear, n_neurons=3), layer_name="out")
    assert model["out"].w.in_features == 12
    assert model.get_output_shape() == [1, 128, 3]
    assert model(torch.zeros(2, 31, 40)).shape == (2, 16, 3)


def test_a_size_that_is_given_is_kept():
    model = Sequential(nn.Identity())
    model.append(Linear, n_neurons=3, input_size=5)
    assert model["1"].w.in_features == 5


def test_measuring_the_shape_changes_neither_statistics_nor_random_numbers_nor_modes():
    model = Sequential(input_shape=[None, None, 4])
    model.append(nn.Dropout(0.5))
    model.append(BatchNorm1d, layer_name="norm")
    model.eval()["0"].train()
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    assert model.get_output_shape() == [1, 256, 4]
    assert torch.equal(torch.rand(3), expected)
    assert model["norm"].norm.num_batches_tracked == 0
    assert (model["0"].training, model["norm"].training) == (True, False)


def test_names_that_are_taken_get_a_number():
    model = Sequential(nn.ReLU(), act=nn.ReLU())
    model.append(nn.ReLU(), layer_name="act")
    model.append(nn.ReLU(), layer_name="act")
    model.append(nn.ReLU())
    assert list(model) == ["0", "act", "act_0", "act_1", "4"]


def test_without_a_shape_layers_cannot_be_built():
    with pytest.raises(ArgumentError, match="input_shape must be given"):
        Sequential(nn.ReLU()).append(Linear, n_neurons=3)
    with pytest.raises(ArgumentError, match="layers or input_shape"):
        Sequential()


@pytest.mark.parametrize("name", ["lengths", "wav_lens", "wav_len", "lens"])
def test_lengths_reach_every_layer_that_takes_them_by_any_of_their_names(name):
    seen = []
    namespace = {"seen": seen}
    exec(f"def forward(self, x, {name}=None):\n    seen.append({name})\n    return x", namespace)  # noqa: S102
    layer = type("Layer", (nn.Module,), {"forward": namespace["forward"]})
    lengths = torch.tensor([1.0, 0.5])
    model = LengthsCapableSequential(layer(), nn.ReLU(), inner=LengthsCapableSequential(layer()))
    model(torch.zeros(2, 4, 1), lengths)
    assert [value is lengths for value in seen] == [True, True]
    model(torch.zeros(2, 4, 1))
    assert seen[2:] == [None, None]


def test_lengths_change_the_result_of_a_chain():
    model = LengthsCapableSequential(norm=InputNormalization(norm_type="sentence"), act=nn.Identity())
    x, lengths = torch.randn(2, 10, 3), torch.tensor([1.0, 0.5])
    assert not torch.allclose(model(x, lengths), model(x))
    torch.testing.assert_close(model(x, lengths)[1:, :5], model(x[1:, :5]))


def test_a_list_of_layers_changes_like_a_list():
    layers = ModuleList(nn.Linear(4, 3))
    layers.extend([nn.ReLU(), nn.Linear(3, 2)])
    layers.insert(1, nn.Tanh())
    assert [type(layer).__name__ for layer in layers.layers] == ["Linear", "Tanh", "ReLU", "Linear"]
    assert layers(torch.zeros(1, 4)).shape == (1, 2)


def test_the_first_of_a_tuple_goes_on():
    assert Sequential(GRU(3, input_size=4), Linear(2, input_size=3))(torch.zeros(1, 5, 4)).shape == (1, 5, 2)
    assert ModuleList(GRU(3, input_size=4))(torch.zeros(1, 5, 4)).shape == (1, 5, 3)


def test_a_layer_that_tells_its_shape_is_not_run():
    class Told(nn.Module):
        def output_shape(self, shape):
            return [*shape[:2], 7]

        def forward(self, x):
            raise RuntimeError("it was run")

    model = Sequential(input_shape=[None, None, 4])
    model.append(Told())
    model.append(Linear, n_neurons=2)
    assert model.get_output_shape() == [1, 256, 2]
    assert model["1"].w.in_features == 7


def test_the_shape_of_recurrent_layers_is_that_of_what_they_return():
    for build in (GRU, LSTM, RNN, LiGRU, SLiGRU):
        for bidirectional in (False, True):
            layer = build(5, input_shape=[None, None, 4, 3], bidirectional=bidirectional, num_layers=2)
            states, _ = layer(torch.zeros(2, 6, 4, 3))
            assert layer.output_shape([2, 6, 4, 3]) == list(states.shape)
