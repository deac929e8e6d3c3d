import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from sonovox.dsp.frechet_distance import frechet_distance


def gaussian(*leading, size=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    mean = torch.randn(*leading, size, dtype=torch.float64, generator=generator)
    factor = torch.randn(*leading, size, size, dtype=torch.float64, generator=generator)
    return mean, factor @ factor.mT


def test_equals_torchaudio_with_its_gradient(torchaudio_calls, torchaudio_reference):
    arrays = np.load(torchaudio_reference / "functional" / "frechet_distance.npz")
    for call, inputs, expected, _ in torchaudio_calls("functional", "frechet_distance"):
        leaves = {key: value.requires_grad_() for key, value in inputs.items()}
        distance = frechet_distance(**leaves)
        torch.testing.assert_close(distance.detach(), expected, rtol=1e-12, atol=0)
        (distance * torch.cos(torch.tensor(0.1, dtype=torch.float64))).backward()
        for key, leaf in leaves.items():
            if f"{call['id']}.grad.{key}" in arrays:
                slope = torch.from_numpy(arrays[f"{call['id']}.grad.{key}"]).double()
                torch.testing.assert_close(leaf.grad, slope, rtol=1e-5, atol=1e-5)  # some are stored in float32


def test_equals_the_root_by_singular_values():
    (mean_x, cov_x), (mean_y, cov_y) = gaussian(), gaussian(seed=1)
    # tr (XY)^(1/2) is the sum of the singular values of A^T B where X = A A^T and Y = B B^T.
    roots = torch.linalg.svdvals(torch.linalg.cholesky(cov_x).mT @ torch.linalg.cholesky(cov_y)).sum()
    expected = (mean_x - mean_y).square().sum() + cov_x.trace() + cov_y.trace() - 2 * roots
    torch.testing.assert_close(frechet_distance(mean_x, cov_x, mean_y, cov_y), expected, rtol=1e-10, atol=0)


def test_of_a_distribution_from_itself_is_zero():
    mean, covariance = gaussian()
    assert abs(frechet_distance(mean, covariance, mean, covariance)) < 1e-10


def test_leading_dimensions_are_a_loop_over_items():
    x, y = gaussian(2, 3), gaussian(2, 3, seed=1)
    distances = frechet_distance(*x, *y)
    assert distances.shape == (2, 3)
    torch.testing.assert_close(distances[1, 2], frechet_distance(x[0][1, 2], x[1][1, 2], y[0][1, 2], y[1][1, 2]))


def test_gradient_also_of_equal_and_of_vanishing_variances():
    x, y = gaussian(), gaussian(seed=1)
    assert gradcheck(frechet_distance, tuple(tensor.requires_grad_() for tensor in (*x, *y)))
    flat = torch.diag(torch.tensor([1.0, 1.0, 0.0])).requires_grad_()
    frechet_distance(torch.zeros(3), flat, torch.ones(3), torch.eye(3)).backward()
    assert flat.grad.isfinite().all()


def test_nan_stays_in_its_item():
    means, covariances = gaussian(2)
    covariances[0, 1, 1] = torch.nan
    distances = frechet_distance(means, covariances, *gaussian(2, seed=1))
    assert distances.isnan().tolist() == [True, False]


def test_bad_input_is_refused_with_the_remedy():
    mean, covariance = gaussian()
    with pytest.raises(ValueError, match=r"sigma_y must have shape \(4, 4\) for mu_x, got \(4,\)"):
        frechet_distance(mean, covariance, mean, mean)
    with pytest.raises(ValueError, match=r"mu_x and mu_y must both be \(..., size\), got shapes \(4,\) and \(3,\)"):
        frechet_distance(mean, covariance, mean[:3], covariance)
    with pytest.raises(ValueError, match="mu_x must be floating point, got int64"):
        frechet_distance(mean.long(), covariance, mean, covariance)
