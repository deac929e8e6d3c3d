import dataclasses

import numpy as np
import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.hparams.guard import Guard
from sonovox.hparams.limits import STRICT
from sonovox.models.crdnn import CRDNN
from sonovox.nn import GRU, LSTM, Fbank, InputNormalization, LengthsCapableSequential, LiGRU

SMALL = {"cnn_channels": [2, 3], "rnn_layers": 2, "rnn_neurons": 5, "dnn_neurons": 6}


def test_the_largest_published_one_is_far_within_the_limits_of_model_folders():
    # Before, recurrent layers were run to learn their shape: 400,000 calls.
    guard = Guard(dataclasses.replace(STRICT, calls=20_000), dry=True)
    guard.run(CRDNN, [], {"input_shape": [None, None, 80], "rnn_class": LSTM, "rnn_layers": 5, "rnn_neurons": 1024})


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


def test_the_encoder_of_a_hub_folder_gives_the_numbers_of_speechbrain(speechbrain_reference):
    folder = speechbrain_reference / "asr-crdnn-rnnlm"
    encoder = CRDNN(
        input_shape=[None, None, 40],
        cnn_channels=(8, 12),
        time_pooling=True,
        time_pooling_size=4,
        rnn_class=LSTM,
        rnn_layers=2,
        rnn_neurons=32,
        dnn_neurons=24,
    )
    weights = torch.load(folder / "model" / "asr.ckpt", weights_only=True)
    encoder.load_state_dict({name[2:]: value for name, value in weights.items() if name.startswith("0.")})
    normaliser = InputNormalization()
    normaliser.load_state_dict(torch.load(folder / "model" / "normalizer.ckpt", weights_only=True))
    model = LengthsCapableSequential(features=Fbank(), normalise=normaliser, encoder=encoder).eval()
    with np.load(folder / "inputs.npz") as inputs, np.load(folder / "outputs.npz") as outputs:
        wave, lengths = torch.from_numpy(inputs["wavs"]), torch.from_numpy(inputs["wav_lens"])
        expected = torch.from_numpy(outputs["encoder_out"])
    with torch.no_grad():
        result = model(wave, lengths)
    assert (result - expected).abs().max() <= 1e-5 * expected.abs().max()
