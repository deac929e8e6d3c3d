import math

import pytest
import torch
from torch.autograd import gradcheck

from sonovox.dsp.oscillator_bank import oscillator_bank


def test_steady_oscillators_are_sines():
    frequencies, amplitudes = torch.tensor([[100.0, 750.0], [0.5, 2.0]], dtype=torch.float64)
    time = torch.arange(1, 201, dtype=torch.float64)
    expected = sum(a * torch.sin(2 * math.pi * f / 8000 * time) for f, a in zip(frequencies, amplitudes, strict=True))
    sound = oscillator_bank(frequencies.expand(200, 2), amplitudes.expand(200, 2), 8000)
    torch.testing.assert_close(sound, expected, rtol=0, atol=1e-11)


def test_a_sweep_has_the_phase_of_its_summed_frequency():
    frequencies = torch.linspace(0, 1000, 500, dtype=torch.float64)[:, None]
    sound = oscillator_bank(frequencies, torch.ones_like(frequencies), 8000)
    torch.testing.assert_close(sound, torch.sin(2 * math.pi * frequencies[:, 0].cumsum(0) / 8000), rtol=0, atol=1e-11)


def test_phases_do_not_drift_within_a_minute_of_float32():
    frequencies = torch.full((60 * 16000, 1), 3000.1)
    sound = oscillator_bank(frequencies, torch.ones_like(frequencies), 16000)
    last = math.sin(2 * math.pi * (frequencies[0, 0].item() / 16000 * len(frequencies) % 1.0))
    assert sound[-1].item() == pytest.approx(last, abs=1e-4)


def test_from_half_the_sample_rate_on_it_is_mute():
    frequencies = torch.tensor([3999.0, 4000.0, 5000.0]).expand(10, 3)
    parts = oscillator_bank(frequencies, torch.ones(10, 3), 8000, reduction="none")
    assert parts[:, 0].abs().max() > 0
    assert not parts[:, 1:].any()


def test_reductions_agree():
    generator = torch.Generator().manual_seed(0)
    frequencies, amplitudes = 900 * torch.rand(2, 30, 4, generator=generator), torch.rand(2, 30, 4, generator=generator)
    parts = oscillator_bank(frequencies, amplitudes, 8000, "none")
    torch.testing.assert_close(oscillator_bank(frequencies, amplitudes, 8000), parts.sum(-1))
    torch.testing.assert_close(oscillator_bank(frequencies, amplitudes, 8000, "mean"), parts.mean(-1))


def test_gradient():
    generator = torch.Generator().manual_seed(0)
    inputs = [torch.rand(12, 2, dtype=torch.float64, generator=generator).requires_grad_() for _ in range(2)]
    assert gradcheck(lambda f, a: oscillator_bank(1000 * f, a, 8000), inputs, atol=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"amplitudes": torch.ones(5, 3)},
            r"be \(..., time, oscillators\), got shapes \(5, 2\) and \(5, 3\)",
        ),
        ({"frequencies": torch.ones(5), "amplitudes": torch.ones(5)}, "add a last dimension of 1"),
        ({"frequencies": torch.ones(5, 2).long()}, "frequencies must be floating point, got int64"),
        ({"sample_rate": 0}, "sample_rate must be positive, got 0; give it in Hz"),
        ({"reduction": "avg"}, "reduction must be one of mean, none, sum, got 'avg'"),
    ],
)
def test_bad_input_is_refused_with_the_remedy(change, message):
    arguments = {"frequencies": torch.ones(5, 2), "amplitudes": torch.ones(5, 2), "sample_rate": 8000} | change
    with pytest.raises(ValueError, match=message):
        oscillator_bank(**arguments)
