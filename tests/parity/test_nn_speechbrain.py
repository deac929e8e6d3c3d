"""Layers with other arguments than the stored references have, against SpeechBrain itself."""

import importlib

import pytest
import torch

from nn.reference_layers import CLASSES
from sonovox import nn as ours
from sonovox.models.crdnn import CRDNN
from sonovox.models.rnnlm import RNNLM

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]
TOLERANCE = 1e-5  # of the largest value: float32, sums in another order

FRAMES = (2, 23, 8)
IMAGE = (2, 23, 14, 3)
CASES = [
    *[
        ("nnet.CNN.Conv1d", {"out_channels": 4, "in_channels": 8, "kernel_size": kernel, **more}, FRAMES)
        for kernel in (3, 4, 5)
        for more in (
            {"stride": 2},
            {"stride": 3, "dilation": 2},
            {"dilation": 3, "padding_mode": "replicate"},
            {"padding": "causal", "stride": 2},
            {"default_padding": 1, "padding": "valid"},
        )
    ],
    *[
        ("nnet.CNN.Conv2d", {"out_channels": 4, "in_channels": 3, **more}, IMAGE)
        for more in (
            {"kernel_size": (3, 5), "stride": (2, 1)},
            {"kernel_size": (5, 3), "stride": (1, 2), "dilation": (2, 1), "swap": True},
            {"kernel_size": (3, 3), "padding": "causal", "swap": True},
            {"kernel_size": (4, 3), "padding_mode": "constant", "max_norm": 0.2},
        )
    ],
    ("nnet.CNN.ConvTranspose1d", {"out_channels": 4, "in_channels": 8, "kernel_size": 4, "padding": "valid"}, FRAMES),
    ("nnet.CNN.ConvTranspose1d", {"out_channels": 4, "in_channels": 8, "kernel_size": 4, "padding": 1}, FRAMES),
    (
        "nnet.CNN.DepthwiseSeparableConv1d",
        {"out_channels": 4, "kernel_size": 3, "input_shape": [None, None, 8], "padding": "causal", "bias": False},
        FRAMES,
    ),
    ("nnet.CNN.SincConv", {"out_channels": 4, "kernel_size": 33, "in_channels": 2, "stride": 2}, (2, 400, 2)),
    ("nnet.CNN.SincConv", {"out_channels": 4, "kernel_size": 33, "in_channels": 1, "padding": "causal"}, (2, 400, 1)),
    ("nnet.linear.Linear", {"n_neurons": 5, "input_shape": [None, None, 14, 3], "combine_dims": True}, IMAGE),
    ("nnet.linear.Linear", {"n_neurons": 5, "input_size": 8, "max_norm": 0.3, "bias": False}, FRAMES),
    ("nnet.activations.Softmax", {"apply_log": True}, FRAMES),
    ("nnet.activations.Softmax", {}, IMAGE),
    ("nnet.activations.Softmax", {"dim": 1, "reshape": False}, FRAMES),
    ("nnet.normalization.InstanceNorm2d", {"input_size": 3, "track_running_stats": False, "affine": True}, IMAGE),
    ("nnet.normalization.GroupNorm", {"input_size": 8, "num_groups": 8}, FRAMES),
    ("nnet.normalization.BatchNorm1d", {"input_size": 23, "skip_transpose": True}, FRAMES),
    ("nnet.normalization.PCEN", {"input_size": 8, "alpha": 0.8, "per_channel_smooth_coef": False}, "energies"),
    ("nnet.pooling.Pooling1d", {"pool_type": "avg", "kernel_size": 3, "padding": 1, "ceil_mode": True}, FRAMES),
    ("nnet.pooling.Pooling1d", {"pool_type": "max", "kernel_size": 3, "dilation": 2, "input_dims": 4}, IMAGE),
    ("nnet.pooling.Pooling2d", {"pool_type": "avg", "kernel_size": (2, 2), "pool_axis": (1, 3)}, IMAGE),
    ("nnet.pooling.AdaptivePool", {"output_size": (4, 5)}, IMAGE),
    ("nnet.RNN.RNN", {"hidden_size": 5, "input_shape": [None, None, 14, 3], "nonlinearity": "tanh"}, IMAGE),
    ("nnet.RNN.LiGRU", {"hidden_size": 5, "input_shape": [2, 23, 14, 3], "nonlinearity": "tanh"}, IMAGE),
    ("nnet.RNN.SLiGRU", {"hidden_size": 5, "input_shape": [2, 23, 8], "recurrent_elementwise_affine": True}, FRAMES),
    ("nnet.RNN.QuasiRNN", {"hidden_size": 5, "input_size": 8, "output_gate": False, "dropout": 0.2}, FRAMES),
    ("processing.features.DCT", {"input_size": 8, "n_out": 5, "ortho_norm": False}, FRAMES),
    ("processing.features.Deltas", {"input_size": 8, "window_length": 9}, FRAMES),
    ("processing.features.ContextWindow", {"left_frames": 1, "right_frames": 4}, FRAMES),
    ("processing.features.ContextWindow", {"left_frames": 3, "right_frames": 0}, FRAMES),
    *[
        (
            "processing.features.Filterbank",
            {"n_mels": 12, "freeze": False, "filter_shape": shape, "param_change_factor": 0.7, "power_spectrogram": 1},
            "bins",
        )
        for shape in ("triangular", "rectangular", "gaussian")
    ],
    ("processing.features.Filterbank", {"n_mels": 12, "log_mel": False}, "bins"),
    ("processing.features.STFT", {"sample_rate": 16000, "onesided": False, "pad_mode": "reflect"}, (2, 4000)),
    ("processing.features.STFT", {"sample_rate": 16000, "n_fft": 512}, (2, 4000, 3)),
    ("lobes.features.Fbank", {"sample_rate": 8000, "n_fft": 256, "n_mels": 24, "f_min": 100}, (2, 4000)),
    ("lobes.features.MFCC", {"n_mels": 30, "left_frames": 2, "right_frames": 3}, (2, 4000)),
    (
        "lobes.models.CRDNN.CRDNN",
        {
            "input_size": 8,
            "cnn_channels": [2, 2],
            "rnn_neurons": 5,
            "dnn_neurons": 6,
            "rnn_layers": 2,
            "use_rnnp": True,
            "projection_dim": 7,
        },
        FRAMES,
    ),
    ("lobes.models.CRDNN.CRDNN", {"input_size": 8, "cnn_blocks": 0, "rnn_layers": 1, "time_pooling": True}, FRAMES),
]


def _input(shape):
    torch.manual_seed(1)
    if shape == "energies":
        return torch.rand(FRAMES)
    if shape == "bins":
        return torch.rand(2, 23, 201)
    return torch.randn(shape)


def _peer(path):
    module, _, name = path.rpartition(".")
    return getattr(pytest.importorskip(f"speechbrain.{module}"), name)


def _ours(path):
    if "models" in path:
        module, _, name = CLASSES[f"speechbrain.{path}"].rpartition(".")
        return getattr(importlib.import_module(module), name)
    return getattr(ours, path.rpartition(".")[2])


def _near(result, expected):
    assert result.shape == expected.shape
    assert (result - expected).abs().max() <= TOLERANCE * expected.abs().max()


@pytest.mark.parametrize(("path", "arguments", "shape"), CASES, ids=lambda value: str(value)[:70])
def test_a_layer_gives_what_speechbrain_gives(path, arguments, shape):
    torch.manual_seed(0)
    peer = _peer(path)(**arguments).eval()
    layer = _ours(path)(**arguments).eval()
    layer.load_state_dict(peer.state_dict())
    x = _input(shape)
    with torch.no_grad():
        result, expected = layer(x), peer(x)
    _near(*(value[0] if isinstance(value, tuple) else value for value in (result, expected)))


@pytest.mark.parametrize("rnn_type", ["rnn", "gru", "lstm"])
def test_a_decoder_with_keys_and_values_gives_what_speechbrain_gives(rnn_type):
    torch.manual_seed(0)
    arguments = (rnn_type, "keyvalue", 8, 5, 2, 6, 4)
    peer = _peer("nnet.RNN.AttentionalRNNDecoder")(*arguments).eval()
    decoder = ours.AttentionalRNNDecoder(*arguments).eval()
    decoder.load_state_dict(peer.state_dict())
    inputs = torch.randn(2, 5, 4), torch.randn(2, 9, 6), torch.tensor([1.0, 0.6])
    with torch.no_grad():
        (result, weights), (expected, expected_weights) = decoder(*inputs), peer(*inputs)
    _near(result, expected)
    _near(weights, expected_weights.reshape(weights.shape))


def test_one_step_of_a_language_model_goes_on_where_it_was():
    torch.manual_seed(0)
    arguments = {"output_neurons": 9, "embedding_dim": 4, "rnn_neurons": 5, "dnn_neurons": 6, "return_hidden": True}
    peer = _peer("lobes.models.RNNLM.RNNLM")(**arguments).eval()
    model = RNNLM(**arguments).eval()
    model.load_state_dict(peer.state_dict())
    with torch.no_grad():
        _, hidden = model(torch.tensor([[1, 2], [3, 4]]))
        _, peer_hidden = peer(torch.tensor([[1, 2], [3, 4]]))
        _near(model(torch.tensor([5, 6]), hidden)[0], peer(torch.tensor([5, 6]), peer_hidden)[0])


@pytest.mark.parametrize("arguments", [{}, {"rnn_bidirectional": False}])
def test_running_statistics_of_ligru_train_as_those_of_speechbrain(arguments):
    torch.manual_seed(0)
    arguments = {
        "input_size": 8,
        "cnn_channels": [2, 2],
        "rnn_neurons": 5,
        "dnn_neurons": 6,
        "rnn_layers": 1,
    } | arguments
    peer, model = _peer("lobes.models.CRDNN.CRDNN")(**arguments, dropout=0.0), CRDNN(**arguments, dropout=0.0)
    model.load_state_dict(peer.state_dict())
    x = _input(FRAMES)
    _near(model.train()(x).detach(), peer.train()(x).detach())
