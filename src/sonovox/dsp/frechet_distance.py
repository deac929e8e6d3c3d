"""Fréchet distance between two Gaussian distributions.

Dowson and Landau, "The Fréchet distance between multivariate normal distributions",
J. Multivariate Analysis 12, 1982.
"""

import torch
from torch import Tensor

from sonovox._internal.checks import check_floating
from sonovox._internal.errors import ArgumentError

__all__ = ["frechet_distance"]


def frechet_distance(mu_x: Tensor, sigma_x: Tensor, mu_y: Tensor, sigma_y: Tensor) -> Tensor:
    """`|mu_x - mu_y|^2 + tr(sigma_x + sigma_y - 2 (sigma_x sigma_y)^(1/2))`, computed in float64.

    Args:
        mu_x: `(..., size)`, mean of the one distribution, floating point.
        sigma_x: `(..., size, size)`, its covariance, symmetric and positive semidefinite.
        mu_y: `(..., size)`, mean of the other.
        sigma_y: `(..., size, size)`, its covariance.

    Returns:
        `(...)`, the square of a distance. Directions in which a covariance vanishes add nothing to the gradient
        of the root.

    Raises:
        ArgumentError: shapes that do not fit, integers.

    >>> identity = torch.eye(2)
    >>> frechet_distance(torch.zeros(2), identity, torch.tensor([3.0, 0.0]), 4 * identity)
    tensor(11.)
    """
    for name, tensor in (("mu_x", mu_x), ("sigma_x", sigma_x), ("mu_y", mu_y), ("sigma_y", sigma_y)):
        check_floating(name, tensor)
    if mu_x.dim() == 0 or mu_x.shape != mu_y.shape:
        raise ArgumentError(
            f"mu_x and mu_y must both be (..., size), got shapes {tuple(mu_x.shape)} and {tuple(mu_y.shape)}"
        )
    expected = (*mu_x.shape, mu_x.shape[-1])
    for name, tensor in (("sigma_x", sigma_x), ("sigma_y", sigma_y)):
        if tensor.shape != expected:
            raise ArgumentError(f"{name} must have shape {expected} for mu_x, got {tuple(tensor.shape)}")
    dtype = torch.promote_types(mu_x.dtype, torch.float32)
    mu_x, sigma_x, mu_y, sigma_y = (tensor.double() for tensor in (mu_x, sigma_x, mu_y, sigma_y))
    product = sigma_x @ sigma_y
    spoilt = ~product.isfinite().all(-1).all(-1)
    # The eigenvalues of a product of two such matrices are real and not negative, but for rounding.
    values = torch.linalg.eigvals(product.masked_fill(spoilt[..., None, None], 0.0)).real
    largest = values.detach().abs().amax(-1, keepdim=True)
    vanishing = values <= torch.finfo(torch.float64).eps * product.shape[-1] * largest
    roots = values.masked_fill(vanishing, 1.0).sqrt().masked_fill(vanishing, 0.0).sum(-1)
    traces = (sigma_x + sigma_y).diagonal(dim1=-2, dim2=-1).sum(-1)
    distance = (mu_x - mu_y).square().sum(-1) + traces - 2 * roots
    return distance.masked_fill(spoilt, torch.nan).to(dtype)
