"""What every op of `dsp` keeps: it differentiates, compiles, exports, maps, batches, and leaves its input alone."""

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck

from sonovox import functional as F
from sonovox import transforms as T

OF_SIGNALS = {
    "spectrogram": lambda: T.Spectrogram(64, hop_length=20),
    "magnitude": lambda: T.Spectrogram(64, hop_length=20, power=1.0),
    "root magnitude, whole spectrum": lambda: T.Spectrogram(64, hop_length=20, power=0.5, onesided=False),
    "complex spectrum": lambda: T.Spectrogram(64, hop_length=20, power=None),
    "mel": lambda: T.MelSpectrogram(16000, 128, hop_length=50, n_mels=10),
    "mel of magnitude": lambda: T.MelSpectrogram(16000, 128, hop_length=50, n_mels=10, power=1.0),
    "mel function": lambda: Call(lambda x: F.mel_spectrogram(x, 16000, 128, hop_length=50, n_mels=10)),
    "log mel": lambda: T.LogMelSpectrogram(20),
    "resample down": lambda: T.Resample(3, 2),
    "resample up": lambda: T.Resample(2, 3),
    "resample by hann": lambda: T.Resample(3, 2, "sinc_interp_hann"),
    "resample by kaiser": lambda: T.Resample(2, 3, "sinc_interp_kaiser"),
}
ELEMENTWISE = {
    "decibels": lambda: T.AmplitudeToDB(),
    "from decibels": lambda: Call(lambda x: F.DB_to_amplitude(x, 1.0, 0.5)),
}


class Call(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


@pytest.fixture(params=OF_SIGNALS | ELEMENTWISE)
def op(request):
    return (OF_SIGNALS | ELEMENTWISE)[request.param]()


@pytest.fixture(params=OF_SIGNALS)
def op_on_signals(request):
    return OF_SIGNALS[request.param]()


def noise(*shape, dtype=torch.float32, seed=0):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def test_leading_dimensions_are_a_loop_over_items(op):
    wave = noise(2, 3, 900)
    looped = torch.stack([torch.stack([op(item) for item in row]) for row in wave])
    torch.testing.assert_close(op(wave), looped)
    assert op(wave[:0]).shape == (0, *looped.shape[1:])


def test_many_short_signals_equal_each_alone(op):
    wave = noise(300, 401)  # several in one chunk, and a last chunk that is not full
    torch.testing.assert_close(op(wave)[[0, 7, 299]], torch.stack([op(wave[i]) for i in (0, 7, 299)]))


def test_the_path_with_gradients_gives_equal_numbers(op):
    wave = noise(2, 5000, dtype=torch.float64)
    torch.testing.assert_close(op(wave.clone().requires_grad_()).detach(), op(wave), rtol=1e-9, atol=1e-11)


def test_gradient(op):
    op = op.double()
    wave = noise(1, 230, dtype=torch.float64).requires_grad_()
    assert gradcheck(lambda x: op(x), wave, fast_mode=True)


def test_gradient_of_silence_is_finite(op):
    wave = torch.zeros(2, 400, requires_grad=True)
    result = op(wave)
    assert result.isfinite().all()
    result.abs().sum().backward()
    assert wave.grad.isfinite().all()


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")  # torch's own, at first use
def test_forward_derivative_is_the_backward_one(op):
    op = op.double()
    wave, direction = noise(1, 230, dtype=torch.float64), noise(1, 230, dtype=torch.float64, seed=1)
    _, forward = torch.func.jvp(op, (wave,), (direction,))
    result, back = torch.func.vjp(op, wave)
    weight = torch.ones_like(result)
    torch.testing.assert_close((back(weight)[0] * direction).sum(), forward.real.sum())


def test_vmap_is_a_batch(op):
    wave = noise(3, 2, 500)
    torch.testing.assert_close(torch.vmap(op)(wave), op(wave))


def test_compiles_without_graph_breaks(op):
    torch.compiler.reset()
    wave = noise(2, 1000)
    torch.testing.assert_close(torch.compile(op, backend="eager", fullgraph=True)(wave), op(wave))


def test_exports_with_dynamic_time_and_batch(op):
    time, batch = torch.export.Dim("time", min=402, max=100000), torch.export.Dim("batch", min=2, max=64)
    exported = torch.export.export(op, (noise(2, 1000),), dynamic_shapes=({0: batch, 1: time},)).module()
    for shape in ((3, 4321), (2, 417)):
        torch.testing.assert_close(exported(noise(*shape)), op(noise(*shape)))


def test_autocast_changes_nothing(op):
    wave = noise(2, 900)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(op(wave), op(wave.clone()))
        inside = op(wave)
    torch.testing.assert_close(inside, op(wave))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(op_on_signals, dtype):
    wave = noise(2, 900).to(dtype)
    result, expected = op_on_signals(wave), op_on_signals(wave.float())
    torch.testing.assert_close(result, expected.to(result.dtype), rtol=0.0, atol=0.0)


def test_strided_input_equals_contiguous(op):
    wave = noise(1200, 2)
    torch.testing.assert_close(op(wave.t()[:, ::2]), op(wave.t()[:, ::2].contiguous()))


def test_input_is_left_as_it_was(op):
    wave = noise(2, 900)
    before = wave.clone()
    op(wave)
    assert torch.equal(wave, before)


def test_float64_stays_float64(op):
    assert op(noise(2, 900, dtype=torch.float64)).dtype in (torch.float64, torch.complex128)


def test_works_in_inference_mode_and_after_it(op):
    wave = noise(900)
    with torch.inference_mode():
        inside = op(wave)
    leaf = wave.clone().requires_grad_()
    outside = op(leaf)
    outside.abs().sum().backward()
    torch.testing.assert_close(inside, outside.detach())


def test_integers_are_refused_with_the_conversion(op):
    with pytest.raises(
        ValueError, match=r"must be floating point, got int16; convert it, for example x.float\(\) / 32768"
    ):
        op(torch.zeros(900, dtype=torch.int16))


def test_a_scalar_is_refused(op_on_signals):
    with pytest.raises(ValueError, match=r"must have a time axis \(\.\.\., time\), got a scalar"):
        op_on_signals(torch.tensor(1.0))
