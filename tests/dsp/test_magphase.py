import pytest
import torch

from sonovox.dsp.magphase import ComplexNorm, angle, complex_norm, magphase


def noise():
    return torch.randn(2, 5, dtype=torch.complex128, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("power", [1.0, 2.0, 0.5])
def test_complex_numbers_and_pairs_give_torchs_values(power):
    z = noise()
    for given in (z, torch.view_as_real(z)):
        magnitude, phase = magphase(given, power)
        torch.testing.assert_close(magnitude, z.abs().pow(power))
        torch.testing.assert_close(phase, z.angle())
        torch.testing.assert_close(ComplexNorm(power)(given), complex_norm(given, power))


def test_at_zero_phase_and_derivative_are_zero():
    z = torch.zeros(3, dtype=torch.complex64, requires_grad=True)
    assert angle(z).eq(0).all()
    (angle(z).sum() + complex_norm(z, 0.5).sum()).backward()
    assert z.grad.eq(0).all()


def test_real_tensors_that_are_no_pairs_are_refused():
    with pytest.raises(ValueError, match=r"floating point of shape \(\.\.\., 2\), got float32 of shape \(4, 3\)"):
        complex_norm(torch.zeros(4, 3))
