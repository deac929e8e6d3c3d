import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.models.crdnn import CRDNN
from sonovox.nn import GRU, LSTM, LiGRU

SMALL = {"cnn_channels": [2, 3], "rnn_layers": 2, "rnn_neurons": 5, "dnn_neurons": 6}


def test_every_part_stands_under_its_name():
    model = CRDNN(input_size=20, **SMALL, time_pooling=True, projection_dim=7)
    assert list(model) == ["CNN", "time_pooling", "projection", "RNN", "DNN"]
    assert isinstance(model["RNN"], LiGRU)
    assert model["projection"]["linear"].w.in_features == 3 * 5  # 20 bins, twice halved


@pytest.mark.parametrize("parts", [{"cnn_blocks": 0}, {"rnn_layers": 0, "cnn_blocks": 0}, {"dnn_blocks": 0}])
def test_parts_may_be_left_out(parts):
    x = torch.randn(2, 12, 20)
    assert CRDNN(input_size=20, **{**SMALL, **parts})(x).shape[:2] == (2, 12)


@pytest.mark.parametrize(
    ("pooling", "steps"), [({"time_pooling": True, "time_pooling_size": 3}, 7), ({"using_2d_pooling": True}, 5)]
)
def test_pooling_over_time_leaves_fewer_steps(pooling, steps):
    assert CRDNN(input_size=20, **SMALL, **pooling)(torch.randn(2, 23, 20)).shape == (2, steps, 6)


def test_a_pyramid_has_a_linear_layer_after_each_recurrent_one():
    model = CRDNN(input_size=20, **SMALL, use_rnnp=True, rnn_class=GRU)
    assert [type(layer).__name__ for layer in model.values()] == [
        "Sequential", "Sequential", "GRU", "Linear", "Dropout", "GRU", "Linear", "Dropout", "Sequential",
    ]  # fmt: skip
    assert model(torch.randn(2, 12, 20)).shape == (2, 12, 6)


def test_every_weight_learns():
    model = CRDNN(input_size=20, **SMALL, rnn_class=LSTM, dropout=0.0)
    model(torch.randn(2, 12, 20)).square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in model.parameters())


def test_a_size_is_needed():
    with pytest.raises(ArgumentError, match="input_shape"):
        CRDNN()
