import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from sonovox.dsp.convolve import Convolve, FFTConvolve, convolve, fftconvolve


def noise(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def by_definition(x, y, mode):
    full = torch.zeros(len(x) + len(y) - 1, dtype=x.dtype)
    for k, value in enumerate(x):
        full[k : k + len(y)] += value * y
    if mode == "full":
        return full
    if mode == "same":
        return full[(len(y) - 1) // 2 :][: len(x)]
    return full[min(len(x), len(y)) - 1 : max(len(x), len(y))]


# Equal, odd, even, one sample, either one longer; blocks from 8192 on, one of them exactly full; long ones by halves.
LENGTHS = [
    (1, 1),
    (7, 7),
    (8, 3),
    (3, 8),
    (50, 1),
    (8193, 5),
    (5, 8193),
    (9000, 400),
    (4092 * 3, 5),
    (8500, 7900),
    (6001, 12003),
]


@pytest.mark.parametrize("mode", ["full", "valid", "same"])
@pytest.mark.parametrize("function", [convolve, fftconvolve])
@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
def test_is_the_sum_of_its_definition(function, mode, lengths):
    x, y = noise(lengths[0]), noise(lengths[1], seed=1)
    # A Fourier transform rounds relative to the largest sums, which are near 100 here.
    torch.testing.assert_close(function(x, y, mode), by_definition(x, y, mode), rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize(("kind", "name"), [("functional", "convolve"), ("functional", "fftconvolve")])
def test_equals_torchaudio_with_its_gradient(torchaudio_calls, torchaudio_reference, kind, name):
    arrays = np.load(torchaudio_reference / kind / f"{name}.npz")
    for call, inputs, expected, _ in torchaudio_calls(kind, name):
        leaves = {key: value.requires_grad_() for key, value in inputs.items()}
        result = {"convolve": convolve, "fftconvolve": fftconvolve}[name](**leaves, **call["kwargs"])
        torch.testing.assert_close(result.detach(), expected, rtol=1e-12, atol=1e-12)
        (
            result * torch.cos(0.37 * torch.arange(result.numel(), dtype=torch.float64).view(result.shape) + 0.1)
        ).sum().backward()
        for key, leaf in leaves.items():
            slope = torch.from_numpy(arrays[f"{call['id']}.grad.{key}"]).double()
            torch.testing.assert_close(leaf.grad, slope, rtol=1e-9, atol=1e-6)  # some are stored in float32


@pytest.mark.parametrize(("module", "name"), [(Convolve, "Convolve"), (FFTConvolve, "FFTConvolve")])
def test_modules_equal_torchaudio(torchaudio_calls, module, name):
    for call, inputs, expected, _ in torchaudio_calls("transforms", name):
        torch.testing.assert_close(module(**call["constructor"])(**inputs), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "shapes", [((2, 3), (2, 3)), ((2, 1), (1, 3)), ((4,), ()), ((), (4,)), ((2, 3), (3,))], ids=str
)
@pytest.mark.parametrize("lengths", [(30, 9), (9, 30), (9000, 40)], ids=str)
def test_leading_dimensions_broadcast(shapes, lengths):
    x, y = noise(*shapes[0], lengths[0]), noise(*shapes[1], lengths[1], seed=1)
    leading = torch.broadcast_shapes(*shapes)
    xs, ys = (signal.expand(*leading, -1).reshape(-1, signal.shape[-1]) for signal in (x, y))
    for mode in ("full", "valid", "same"):
        expected = torch.stack([by_definition(a, b, mode) for a, b in zip(xs, ys, strict=True)])
        for function in (convolve, fftconvolve):
            result = function(x, y, mode)
            assert result.shape[:-1] == leading
            torch.testing.assert_close(result.reshape(expected.shape), expected, rtol=1e-12, atol=1e-11)


def test_many_signals_equal_each_alone():
    x, y = noise(5, 3, 16000), noise(5, 3, 9000, seed=1)  # a few at a time, and a last part that is not full
    together = fftconvolve(x, y)
    for index in ((0, 0), (2, 1), (4, 2)):
        torch.testing.assert_close(together[index], fftconvolve(x[index], y[index]), rtol=1e-12, atol=1e-10)


def test_many_blocks_of_several_signals_equal_each_alone():
    x, y = noise(3, 700000), noise(3, 50, seed=1)  # more blocks than are transformed at once
    torch.testing.assert_close(fftconvolve(x, y)[2], convolve(x[2], y[2]), rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("lengths", [(8401, 20), (9001, 7500)], ids=["blocks", "halves"])
def test_gradient_of_long_signals(lengths):
    x, y = noise(lengths[0]).requires_grad_(), noise(lengths[1], seed=1).requires_grad_()
    assert gradcheck(fftconvolve, (x, y), fast_mode=True)


@pytest.mark.parametrize("function", [convolve, fftconvolve])
def test_half_precision_is_computed_in_float32(function):
    x, y = noise(300).half(), noise(40).half()
    torch.testing.assert_close(function(x, y), function(x.float(), y.float()).half(), rtol=0, atol=0)
    assert function(x, y.double()).dtype == torch.float64


@pytest.mark.parametrize(
    ("x", "y", "mode", "message"),
    [
        (torch.ones(3), torch.ones(3), "sane", "mode must be one of full, same, valid, got 'sane'; did you mean same?"),
        (torch.ones(3), torch.ones(0), "full", r"y must have at least one sample, got shape \(0,\)"),
        (torch.ones(2, 0), torch.ones(2), "full", r"x must have at least one sample, got shape \(2, 0\)"),
        (
            torch.ones(2, 5),
            torch.ones(3, 5),
            "full",
            r"got shapes \(2, 5\) and \(3, 5\); insert a dimension",
        ),
        (torch.ones(5), torch.tensor(1.0), "full", r"y must have a time axis \(..., time\), got a scalar"),
        (torch.ones(5), torch.ones(5).short(), "full", "y must be floating point, got int16; convert it"),
    ],
)
@pytest.mark.parametrize("function", [convolve, fftconvolve])
def test_bad_input_is_refused_with_the_remedy(function, x, y, mode, message):
    with pytest.raises(ValueError, match=message):
        function(x, y, mode)
