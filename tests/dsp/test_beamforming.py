import json

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from sonovox.dsp import beamforming
from sonovox.dsp.beamforming import apply_beamforming, mvdr_weights_rtf, mvdr_weights_souden, psd, rtf_evd, rtf_power


def complex_noise(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.complex128, generator=torch.Generator().manual_seed(seed))


def density(*leading, channels=3, seed=0):
    factor = complex_noise(*leading, channels, channels, seed=seed)
    return factor @ factor.mH


def wide(tensor):
    return tensor.to(torch.complex128 if tensor.is_complex() else torch.float64)


@pytest.mark.parametrize("name", sorted(set(beamforming.__all__) - {"rtf_evd"}))
def test_equals_torchaudio_with_its_gradient(torchaudio_reference, name):
    folder = torchaudio_reference / "functional"
    arrays = np.load(folder / f"{name}.npz")
    for call in json.loads((folder / f"{name}.json").read_text())["calls"]:
        inputs = {key: wide(torch.from_numpy(arrays[f"{call['id']}.in.{key}"])) for key in call["tensors"]}
        leaves = {key: value.requires_grad_() for key, value in inputs.items()}
        result = torch.view_as_real(getattr(beamforming, name)(**leaves, **call["kwargs"]))
        expected = torch.view_as_real(torch.from_numpy(arrays[f"{call['id']}.out64.0"]))
        torch.testing.assert_close(result.detach(), expected, rtol=1e-10, atol=1e-12)
        (
            result * torch.cos(0.37 * torch.arange(result.numel(), dtype=torch.float64).view(result.shape) + 0.1)
        ).sum().backward()
        for key, leaf in leaves.items():
            if f"{call['id']}.grad.{key}" in arrays:
                slope = wide(torch.from_numpy(arrays[f"{call['id']}.grad.{key}"]))
                torch.testing.assert_close(leaf.grad, slope, rtol=1e-5, atol=1e-6)  # some are stored in float32


def test_leading_eigenvector_equals_torchaudio_up_to_a_phase(torchaudio_reference):
    folder = torchaudio_reference / "functional"
    arrays = np.load(folder / "rtf_evd.npz")
    for call in json.loads((folder / "rtf_evd.json").read_text())["calls"]:
        found = rtf_evd(wide(torch.from_numpy(arrays[f"{call['id']}.in.psd_s"])))
        expected = torch.from_numpy(arrays[f"{call['id']}.out64.0"])
        overlap = (found.conj() * expected).sum(-1).abs()
        torch.testing.assert_close(overlap, torch.ones_like(overlap), rtol=0, atol=1e-6)


def test_density_is_the_weighted_mean_of_outer_products():
    spectrum, mask = complex_noise(3, 4, 6), torch.rand(4, 6, dtype=torch.float64)
    expected = torch.zeros(4, 3, 3, dtype=torch.complex128)
    for frame in range(6):
        x = spectrum[:, :, frame].T[..., None]
        expected += mask[:, frame, None, None] * (x @ x.mH)
    torch.testing.assert_close(psd(spectrum, mask, normalize=False), expected)
    torch.testing.assert_close(psd(spectrum, mask, eps=0.0), expected / mask.sum(-1)[:, None, None])


def test_weights_keep_a_single_speaker_as_the_reference_hears_it():
    transfer, noise = complex_noise(5, 3), density(5, seed=1)
    speech = 2.0 * transfer[..., None] @ transfer[..., None].mH
    for reference in (0, 2):
        souden = mvdr_weights_souden(speech, noise, reference, diag_eps=0.0)
        by_rtf = mvdr_weights_rtf(transfer, noise, reference, diag_eps=0.0)
        # Without distortion, up to the two floors of 1e-8.
        for weights in (souden, by_rtf):
            torch.testing.assert_close(
                (weights.conj() * transfer).sum(-1), transfer[:, reference], rtol=1e-6, atol=1e-6
            )
        torch.testing.assert_close(souden, by_rtf, rtol=1e-6, atol=1e-6)


def test_no_undistorted_weights_let_less_noise_pass():
    transfer, noise = complex_noise(1, 3), density(1, seed=1)
    weights = mvdr_weights_rtf(transfer, noise, diagonal_loading=False, eps=0.0)
    power = (weights.conj() @ noise[0] @ weights.mT).real
    for seed in range(20):
        other = complex_noise(1, 3, seed=seed + 2)
        other = weights + other - (other.conj() * transfer).sum().conj() / transfer.abs().square().sum() * transfer
        torch.testing.assert_close((other.conj() * transfer).sum().real, torch.ones((), dtype=torch.float64))
        assert (other.conj() @ noise[0] @ other.mT).real > power


def test_both_ways_find_the_transfer_function_of_a_single_speaker():
    transfer = complex_noise(5, 3)
    speech = transfer[..., None] @ transfer[..., None].mH
    expected = transfer / transfer[:, :1]
    by_power = rtf_power(speech, density(5, seed=1), 1)
    torch.testing.assert_close(by_power / by_power[:, :1], expected, rtol=1e-6, atol=1e-6)
    by_eigenvector = rtf_evd(speech)
    torch.testing.assert_close(by_eigenvector / by_eigenvector[:, :1], expected)
    assert by_eigenvector[:, 0].imag.abs().max() < 1e-12
    assert (by_eigenvector[:, 0].real > 0).all()
    torch.testing.assert_close(torch.linalg.vector_norm(by_eigenvector, dim=-1), torch.ones(5, dtype=torch.float64))


def test_an_index_equals_its_one_hot_weights():
    speech, noise, transfer = density(2, 5), density(2, 5, seed=1), complex_noise(2, 5, 3)
    second = torch.tensor([0.0, 1.0, 0.0]).expand(2, 3)
    torch.testing.assert_close(mvdr_weights_souden(speech, noise, second), mvdr_weights_souden(speech, noise, 1))
    torch.testing.assert_close(mvdr_weights_rtf(transfer, noise, second), mvdr_weights_rtf(transfer, noise, -2))
    torch.testing.assert_close(rtf_power(speech, noise, second), rtf_power(speech, noise, 1))


def hermitian(x):
    return x @ x.mH + 0.1 * torch.eye(3)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y: mvdr_weights_souden(hermitian(x), hermitian(y), 0),
        lambda x, y: mvdr_weights_rtf(x[..., 0], hermitian(y), 1),
        lambda x, y: rtf_power(hermitian(x), hermitian(y), 0),
        lambda x, y: rtf_evd(hermitian(x) + hermitian(y)),
        lambda x, y: psd(x.movedim(0, 1), y[0].abs().square()),
        lambda x, y: apply_beamforming(x[:, :, 0], y.movedim(0, 1)),
    ],
)
def test_gradient(function):
    inputs = complex_noise(2, 3, 3).requires_grad_(), complex_noise(2, 3, 3, seed=1).requires_grad_()
    if function.__code__.co_names[0] == "psd":
        inputs = complex_noise(3, 2, 3).requires_grad_(), complex_noise(1, 3, 3, seed=1).requires_grad_()
    assert gradcheck(function, inputs)


def test_silence_and_equal_eigenvalues_have_finite_results_and_gradients():
    for function in (
        lambda x: mvdr_weights_souden(x, x, 0),
        lambda x: mvdr_weights_rtf(x[..., 0], x, 0),
        lambda x: rtf_power(x, x, 0),
        rtf_evd,
    ):
        silence = torch.zeros(5, 3, 3, dtype=torch.complex64, requires_grad=True)
        result = function(silence)
        assert result.isfinite().all()
        result.abs().square().sum().backward()
        assert silence.grad.isfinite().all()


def test_a_spoilt_matrix_spoils_its_frequency_alone():
    speech = density(5)
    speech[2, 0, 1] = torch.nan
    assert rtf_evd(speech).isnan().any(-1).tolist() == [False, False, True, False, False]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: psd(torch.ones(3, 4, 5)), "specgram must be complex, got float32; take spectrograms with power=None"),
        (lambda: psd(complex_noise(4, 5)), r"specgram must be \(..., channel, freq, time\), got shape \(4, 5\)"),
        (
            lambda: psd(complex_noise(3, 4, 5), torch.ones(4, 6)),
            r"mask must be \(..., freq, time\) .* shape \(4, 6\)",
        ),
        (
            lambda: rtf_evd(complex_noise(4, 3, 2)),
            r"psd_s must be .* got shape \(4, 3, 2\)",
        ),
        (lambda: rtf_power(density(4), density(4), 0, n_iter=0), "n_iter must be at least 1, got 0"),
        (
            lambda: rtf_power(density(4), density(4), 3),
            "reference_channel must be below 3, the number of .* got 3",
        ),
        (lambda: mvdr_weights_souden(density(4), density(4), torch.ones(2)), r"must have 3 weights \(..., channel\)"),
        (lambda: mvdr_weights_rtf(complex_noise(4, 2), density(4)), "must have as many channels, got 2 and 3"),
        (
            lambda: apply_beamforming(complex_noise(3, 4), complex_noise(3, 4, 5)),
            r"must be \(..., freq, channel\) = \(..., 4, 3\) for specgram, got shape \(3, 4\)",
        ),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
