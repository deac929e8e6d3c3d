import pytest
import torch

from sonovox._kernels import load
from sonovox._kernels.kaldi_frames import prepare_frames, prepare_in_passes


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def results(prepare, frames, dtype=torch.float32, **options):
    size = frames.shape[-1]
    padded = torch.full((*frames.shape[:2], size + 12), 7.0, dtype=dtype)
    energy = torch.empty(*frames.shape[:2], 1, dtype=dtype)
    window = torch.linspace(0.5, 1.5, size, dtype=dtype)
    prepare(frames.to(dtype), window, 0.97, padded[..., :size], energy, **options)
    assert (padded[..., size:] == 7.0).all()  # what lies behind a frame is not touched
    return padded[..., :size], energy


@pytest.mark.parametrize("size", [2, 15, 400])
@pytest.mark.parametrize("remove_mean", [True, False])
@pytest.mark.parametrize("raw_energy", [True, False])
def test_the_kernel_equals_its_reference(compiled, size, remove_mean, raw_energy):
    frames = (3.0 + noise(2, 2000)).unfold(-1, size, 160)
    options = {"remove_mean": remove_mean, "raw_energy": raw_energy}
    exact = results(prepare_in_passes, frames, torch.float64, **options)
    for prepare in (prepare_frames, prepare_in_passes):
        for ours, truth in zip(results(prepare, frames, **options), exact, strict=True):
            assert (ours - truth).abs().max() < 2e-6 * truth.abs().max()


def test_float64_and_strided_samples_take_the_reference(compiled):
    frames = noise(1, 2000).double().unfold(-1, 50, 20)
    for ours, truth in zip(
        results(prepare_frames, frames, torch.float64), results(prepare_in_passes, frames, torch.float64), strict=True
    ):
        assert torch.equal(ours, truth)
    strided = noise(1, 2000)[:, ::2].unfold(-1, 50, 20)
    for ours, truth in zip(results(prepare_frames, strided), results(prepare_in_passes, strided), strict=True):
        assert torch.equal(ours, truth)


def test_without_the_kernels_the_reference_does_the_work(monkeypatch):
    frames = noise(1, 2000).unfold(-1, 400, 160)
    expected = results(prepare_frames, frames)
    monkeypatch.setattr("sonovox._kernels.kaldi_frames.kernels", lambda: load.Kernels(None, "switched off"))
    for ours, truth in zip(results(prepare_frames, frames), expected, strict=True):
        torch.testing.assert_close(ours, truth, rtol=2e-6, atol=1e-4)


def test_the_energy_is_optional():
    frames, ready = noise(1, 1, 30), torch.empty(1, 1, 30)
    prepare_frames(frames, torch.ones(30), 0.5, ready)
    assert ready.isfinite().all()
