import numpy as np
import pytest
import scipy.signal
import torch

from sonovox.dsp.preemphasis import Deemphasis, Preemphasis, deemphasis, preemphasis


def noise(*shape):
    return 0.1 * torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("kind", "name", "call"),
    [
        ("functional", "preemphasis", lambda call, x: preemphasis(x, **call["kwargs"])),
        ("functional", "deemphasis", lambda call, x: deemphasis(x, **call["kwargs"])),
        ("transforms", "Preemphasis", lambda call, x: Preemphasis(**call["constructor"])(x)),
        ("transforms", "Deemphasis", lambda call, x: Deemphasis(**call["constructor"])(x)),
    ],
)
def test_equals_torchaudio(torchaudio_calls, kind, name, call):
    for spec, inputs, expected, _ in torchaudio_calls(kind, name):
        torch.testing.assert_close(call(spec, inputs["waveform"]), expected, rtol=1e-12, atol=1e-12)


def test_equals_scipy():
    x = noise(2, 500)
    np.testing.assert_allclose(preemphasis(x, 0.9), scipy.signal.lfilter([1, -0.9], [1], x), atol=1e-14)
    np.testing.assert_allclose(deemphasis(x, 0.9), scipy.signal.lfilter([1], [1, -0.9], x), atol=1e-13)


def test_each_undoes_the_other():
    x = noise(3, 1000)
    torch.testing.assert_close(deemphasis(preemphasis(x)), x, rtol=1e-12, atol=1e-12)


def test_deemphasis_is_limited():
    assert deemphasis(torch.ones(100)).max() == 1.0


def test_integers_are_refused():
    with pytest.raises(ValueError, match="waveform must be floating point, got int16"):
        preemphasis(torch.zeros(5, dtype=torch.int16))
