import numpy as np
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from sonovox._kernels import load
from sonovox._kernels.feedback import feedback, feedback_in_runs

TIME = 120


def noise(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def line(taps=2, longest=9):
    delays = torch.randint(1, longest + 1, (2, TIME), generator=torch.Generator().manual_seed(1))
    return delays, 0.4 * noise(2, TIME, taps, seed=2).tanh()


def matrix(delays, weights):
    """The lines as matrices: the inverse of (1 - feedback)."""
    lines, time = delays.shape
    back = np.zeros((lines, time, time))
    for index, delay in np.ndenumerate(delays.numpy()):
        for tap in range(weights.shape[-1]):
            if (source := index[1] - delay - tap) >= 0:
                back[(*index, source)] += weights[(*index, tap)]
    return np.linalg.inv(np.eye(time) - back)


@pytest.mark.parametrize("path", [feedback, feedback_in_runs])
@pytest.mark.parametrize("taps", [1, 2, 3])
def test_both_paths_equal_the_inverse_of_a_matrix(path, taps):
    x, (delays, weights) = noise(3, 2, TIME), line(taps)
    response = matrix(delays, weights)
    expected = np.einsum("cts,rcs->rct", response, x.numpy())
    np.testing.assert_allclose(path(x, delays, weights).numpy(), expected, rtol=1e-11, atol=1e-11)
    expected = np.einsum("cst,rcs->rct", response, x.numpy())
    np.testing.assert_allclose(path(x, delays, weights, True).numpy(), expected, rtol=1e-11, atol=1e-11)


def test_float32_loses_the_rounding_of_samples_only():
    x, (delays, weights) = noise(3, 2, TIME), line()
    exact = feedback(x.float().double(), delays, weights)
    for path in (feedback, feedback_in_runs):
        assert (path(x.float(), delays, weights) - exact).abs().max() < 1.2e-7 * exact.abs().max()


def test_the_kernel_equals_its_reference(compiled, monkeypatch):
    x, (delays, weights) = noise(3, 2, TIME), line(3)
    by_kernel = feedback(x, delays, weights)
    monkeypatch.setattr("sonovox._kernels.feedback.kernels", lambda: load.Kernels(None, "switched off"))
    torch.testing.assert_close(feedback(x, delays, weights), by_kernel, rtol=1e-12, atol=1e-12)


def test_no_samples_are_no_work():
    delays, weights = line()
    for path in (feedback, feedback_in_runs):
        assert path(noise(3, 2, 0), delays[:, :0], weights[:, :0]).shape == (3, 2, 0)


# Said by torch itself at its first forward derivative.
@pytest.mark.filterwarnings("ignore:.torch.jit.*deprecated:DeprecationWarning")
def test_derivatives():
    x, (delays, weights) = noise(2, 2, TIME).requires_grad_(), line()
    assert gradcheck(lambda x: feedback(x, delays, weights), x, check_forward_ad=True, check_batched_grad=True)
    assert gradgradcheck(lambda x: feedback(x, delays, weights), x)


def test_vmap_is_a_loop():
    x, (delays, weights) = noise(4, 3, 2, TIME), line()
    looped = torch.stack([feedback(item, delays, weights) for item in x])
    torch.testing.assert_close(torch.vmap(lambda x: feedback(x, delays, weights))(x), looped)
    scaled = torch.stack([weights, 0.5 * weights])
    looped = torch.stack([feedback(x[0], delays, item) for item in scaled])
    torch.testing.assert_close(torch.vmap(lambda w: feedback(x[0], delays, w))(scaled), looped)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torch_finds_the_rules_of_the_operator_consistent():
    x, (delays, weights) = noise(2, 2, TIME).requires_grad_(), line()
    torch.library.opcheck(torch.ops.sonovox.feedback.default, (x, delays, weights, False))
