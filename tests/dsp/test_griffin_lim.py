import numpy as np
import pytest
import torch

from sonovox._kernels import load
from sonovox.dsp.griffin_lim import GriffinLim, griffinlim
from sonovox.dsp.spectrogram import Spectrogram


def noise(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def convergence(signal, target, magnitude):
    return ((magnitude(signal) - target).norm() / target.norm()).item()


@pytest.mark.parametrize("kind", ["functional", "transforms"])
@pytest.mark.parametrize("with_gradient", [False, True])
def test_equals_torchaudio(kind, with_gradient, torchaudio_calls, constructor_arguments, float64_default):
    name = "griffinlim" if kind == "functional" else "GriffinLim"
    for call, inputs, expected, _ in torchaudio_calls(kind, name):
        specgram = inputs.pop("specgram").requires_grad_(with_gradient)
        if kind == "functional":
            ours = griffinlim(specgram, **inputs, **call["kwargs"])
        else:
            ours = GriffinLim(**constructor_arguments(call["constructor"]))(specgram)
        torch.testing.assert_close(ours.detach(), expected, rtol=1e-7, atol=1e-8)  # iterations multiply rounding


def test_gradient_equals_torchaudios(torchaudio_calls, torchaudio_reference, float64_default):
    arrays = np.load(torchaudio_reference / "functional" / "griffinlim.npz")
    for call, inputs, _, _ in torchaudio_calls("functional", "griffinlim"):
        specgram = inputs.pop("specgram").requires_grad_()
        result = griffinlim(specgram, **inputs, **call["kwargs"])
        weights = torch.cos(0.37 * torch.arange(result.numel()) + 0.1).view_as(result)
        (result * weights).sum().backward()
        expected = torch.from_numpy(arrays[f"{call['id']}.grad.specgram"])
        torch.testing.assert_close(specgram.grad, expected, rtol=1e-5, atol=1e-6 * expected.abs().max().item())


@pytest.mark.parametrize(("n_fft", "hop"), [(64, 16), (64, 20), (65, 13), (60, 60)])
def test_the_path_in_buffers_gives_equal_numbers(n_fft, hop):
    power = Spectrogram(n_fft, hop_length=hop, window_fn=torch.hamming_window).double()(noise(3, 1000))
    op = GriffinLim(n_fft, 5, hop_length=hop, window_fn=torch.hamming_window, rand_init=False).double()
    torch.testing.assert_close(op(power.clone().requires_grad_()).detach(), op(power), rtol=1e-7, atol=1e-8)


def test_chunks_do_not_show():
    power = Spectrogram(256, hop_length=64).double()(noise(2, 30000))
    op = GriffinLim(256, 3, rand_init=False).double()
    wanted = op(power.clone().requires_grad_()).detach()
    torch.testing.assert_close(op(power), wanted, rtol=1e-6, atol=1e-7)


def test_converges_and_faster_with_momentum():
    magnitude = Spectrogram(128, hop_length=32, power=1.0).double()
    time = torch.arange(8000, dtype=torch.float64)
    target = magnitude(torch.sin(0.1 * time + 3 * torch.sin(0.002 * time)))
    left = {}
    for momentum in (0.0, 0.99):
        torch.manual_seed(0)
        found = GriffinLim(128, 60, hop_length=32, power=1.0, momentum=momentum).double()(target)
        left[momentum] = convergence(found, target, magnitude)
    assert left[0.99] < left[0.0] < 0.3


def test_random_phases_differ_from_call_to_call_and_zeros_do_not():
    target = Spectrogram(64, hop_length=16)(noise(500).float())
    assert not torch.equal(GriffinLim(64, 2)(target), GriffinLim(64, 2)(target))
    fixed = GriffinLim(64, 2, rand_init=False)
    assert torch.equal(fixed(target), fixed(target))


def test_a_length_that_the_frames_do_not_reach_ends_in_silence():
    target = Spectrogram(64, hop_length=16)(noise(500).float())
    found = GriffinLim(64, 3, hop_length=16, length=900)(target)
    assert found.shape == (900,)
    assert not found[500 + 64 :].any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"momentum": 1.0}, r"momentum must be at least 0 and below 1, got 1.0; 0.99 is usual"),
        ({"power": 0.0}, "power must be positive, got 0"),
        ({"n_fft": 32}, r"\(\.\.\., n_fft // 2 \+ 1 = 17, frames\) with at least one frame, got \(33, 20\)"),
    ],
)
def test_arguments_that_cannot_be_used_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        GriffinLim(**{"n_fft": 64, **arguments})(torch.ones(33, 20))


def test_too_few_frames_are_refused():
    with pytest.raises(ValueError, match=r"more than 3 frames for n_fft=64 and hop_length=16, got 3; pad the signal"):
        GriffinLim(64, hop_length=16)(torch.ones(33, 3))


@pytest.mark.parametrize(
    ("n_fft", "hop", "rounds"), [(64, 16, 5), (64, 20, 1), (60, 60, 2), (400, 160, 3), (400, 200, 0)]
)
@pytest.mark.parametrize("momentum", [0.99, 0.0])
def test_the_kernel_is_as_near_to_float64_as_its_reference(monkeypatch, n_fft, hop, rounds, momentum):
    power = Spectrogram(n_fft, hop_length=hop, window_fn=torch.hamming_window).double()(noise(2, 3, 5000))
    for length in (None, 4990, 6000):
        options = {"window_fn": torch.hamming_window, "rand_init": False, "momentum": momentum, "length": length}
        op = GriffinLim(n_fft, rounds, hop_length=hop, **options)
        by_kernel = op(power.float())
        with monkeypatch.context() as without:
            without.setattr("sonovox._kernels.fourier.kernels", lambda: load.Kernels(None, "switched off"))
            by_torch = op(power.float())
        exact = op.double()(power)
        # Rounding decides the phases of bins near zero, and rounds multiply it.
        assert (by_kernel - exact).norm() < 3 * (by_torch - exact).norm() + 3e-5 * exact.norm()


def test_silence_stays_silence_and_nan_in_its_signal():
    target = Spectrogram(64, hop_length=16)(noise(3, 2000).float())
    target[0], target[1, 3, 20] = 0.0, torch.nan
    found = GriffinLim(64, 4, hop_length=16, rand_init=False)(target)
    assert not found[0].any()
    assert found[1].isnan().any()
    assert found[2].isfinite().all()
