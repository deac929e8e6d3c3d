import numpy as np
import pytest
import torch

from sonovox._kernels.fourier import plan_for
from sonovox._kernels.griffin_lim import griffin_lim_rounds

N_FFT, HOP, COUNT = 24, 7, 37
LENGTH = (COUNT - 1) * HOP


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def spectra_of(signal, window):
    padded = np.pad(signal, N_FFT // 2, mode="reflect")
    return np.fft.rfft(np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP] * window)


def signal_of(spectra, window):
    """The sum of windowed frames, over that of squared windows."""
    signal, envelope = np.zeros((2, LENGTH + N_FFT))
    for index, frame in enumerate(np.fft.irfft(spectra, N_FFT)):
        signal[index * HOP : index * HOP + N_FFT] += frame * window
        envelope[index * HOP : index * HOP + N_FFT] += window**2
    middle = slice(N_FFT // 2, N_FFT // 2 + LENGTH)
    return signal[middle] / envelope[middle], 1 / envelope[middle]


def rounds_in_numpy(signal, magnitudes, window, rounds, momentum):
    previous = 0.0
    for index in range(rounds):
        rebuilt = spectra_of(signal, window)
        moved = rebuilt - momentum * previous
        spectra, previous = magnitudes * moved / np.abs(moved), rebuilt
        if index < rounds - 1:
            signal = signal_of(spectra, window)[0]
    return spectra


def found(signals, magnitudes, window, rounds, momentum):
    scale = signal_of(np.zeros((COUNT, N_FFT // 2 + 1)), window.double().numpy())[1]
    return griffin_lim_rounds(
        plan_for(N_FFT), signals, magnitudes, window, torch.from_numpy(scale).float(), HOP, rounds, momentum
    )


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize("rounds", [1, 2, 4])
def test_rounds_equal_those_of_numpy(compiled, rounds, momentum):
    signals, magnitudes, window = noise(3, LENGTH), noise(3, COUNT, N_FFT // 2 + 1).abs(), torch.hamming_window(N_FFT)
    result = found(signals, magnitudes, window, rounds, momentum)
    for ours, signal, wanted in zip(result.numpy(), signals.double().numpy(), magnitudes.double().numpy(), strict=True):
        expected = rounds_in_numpy(signal, wanted, window.double().numpy(), rounds, momentum)
        # The phase of a bin near zero is that of its rounding.
        assert np.linalg.norm(ours - expected) < 1e-4 * np.linalg.norm(expected)


def test_a_signal_with_the_wanted_magnitudes_stays_what_it_is(compiled):
    signal, window = noise(1, LENGTH), torch.hamming_window(N_FFT)
    spectra = spectra_of(signal[0].double().numpy(), window.double().numpy())
    result = found(signal, torch.from_numpy(np.abs(spectra)).float()[None], window, 20, 0.0)
    np.testing.assert_allclose(result[0], spectra, atol=1e-4)
