import pytest
import torch

from sonovox._kernels import load
from sonovox._kernels.filter_power import filter_power, pack_filters
from sonovox.dsp.frames import FilterBank
from sonovox.dsp.mel import melscale_fbanks

BINS = 129


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def banks():
    yield "mel", melscale_fbanks(BINS, 0.0, 8000.0, 40, 16000)
    yield "a few, wide", melscale_fbanks(BINS, 0.0, 8000.0, 5, 16000)
    corners = torch.zeros(BINS, 19)  # single bins at both ends, and filters without any
    corners[0, 0] = corners[-1, 1] = corners[-2:, 18] = 1.0
    yield "corners", corners


@pytest.mark.parametrize("weights", [pytest.param(weights, id=name) for name, weights in banks()])
@pytest.mark.parametrize("count", [1, 7])
def test_the_kernel_equals_the_formula(compiled, weights, count):
    spectra, out = noise(count, BINS, 2), torch.full((count, weights.shape[1]), float("nan"))
    packed = pack_filters(weights)
    assert packed is not None
    filter_power(spectra, packed, out)
    expected = spectra.double().square().sum(-1) @ weights.double()
    torch.testing.assert_close(out, expected.float(), rtol=2e-6, atol=1e-6)


def test_the_kernel_equals_its_reference(compiled, monkeypatch):
    spectra = torch.view_as_complex(noise(20, BINS, 2))
    bank = melscale_fbanks(BINS, 0.0, 8000.0, 40, 16000)
    by_kernel, by_torch = torch.empty(20, 40), torch.empty(20, 40)
    FilterBank(bank).sum_powers(spectra.clone(), by_kernel)
    monkeypatch.setattr("sonovox._kernels.filter_power.kernels", lambda: load.Kernels(None, "switched off"))
    FilterBank(bank).sum_powers(spectra.clone(), by_torch)
    torch.testing.assert_close(by_kernel, by_torch, rtol=2e-6, atol=1e-6)


def test_what_is_not_finite_stays_in_its_spectrum(compiled):
    for name, weights in banks():
        packed = pack_filters(weights)
        spectra, out = noise(3, BINS, 2), torch.empty(3, weights.shape[1])
        spectra[1] = float("nan")
        filter_power(spectra, packed, out)
        assert out[::2].isfinite().all(), name


def test_what_the_kernel_cannot_do_is_left_to_the_reference(compiled):
    mel = melscale_fbanks(BINS, 0.0, 8000.0, 40, 16000)
    assert pack_filters(mel) is not None
    assert pack_filters(mel.double()) is None
    assert pack_filters(torch.ones(BINS, 40)) is None  # dense
    assert pack_filters(torch.ones(5, 2)) is None  # shorter than its step
    assert pack_filters(torch.zeros(BINS, 0)) is None
