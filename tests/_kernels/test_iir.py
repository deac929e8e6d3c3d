import numpy as np
import pytest
import scipy.signal
import torch
from torch.autograd import gradcheck, gradgradcheck

from sonovox._kernels import load
from sonovox._kernels.iir import iir, iir_in_blocks, second_order_sections


def noise(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def bank(order):
    """Two Butterworth filters of an order: feedback without its leading 1, and feedforward coefficients."""
    designs = [scipy.signal.butter(order, cutoff) if order else ([0.3, 0.2], [1.0]) for cutoff in (0.2, 0.5)]
    b, a = (torch.tensor(np.stack(part)) for part in zip(*designs, strict=True))
    return a[:, 1:], b


def by_scipy(x, a, b):
    filtered = [
        scipy.signal.lfilter(b[i].numpy(), np.r_[1.0, a[i].numpy()], x[:, i].numpy(), axis=-1) for i in range(len(a))
    ]
    return torch.tensor(np.stack(filtered, axis=1))


# The roots of a polynomial move with its coefficients, faster in higher orders.
TOLERANCES = {0: 1e-14, 1: 1e-13, 2: 1e-13, 3: 1e-12, 5: 1e-11, 8: 1e-10}


@pytest.mark.parametrize("path", [iir, iir_in_blocks])
@pytest.mark.parametrize("time", [1, 15, 16, 17, 63, 64, 65, 1024, 1025, 5000])
@pytest.mark.parametrize("order", TOLERANCES)
def test_both_paths_equal_scipy(path, order, time):
    x, (a, b) = noise(3, 2, time), bank(order)
    torch.testing.assert_close(path(x, a, b), by_scipy(x, a, b), rtol=TOLERANCES[order], atol=TOLERANCES[order])


@pytest.mark.parametrize("shape", [(3, 2, 0), (0, 2, 100)])
def test_nothing_in_is_nothing_out(shape):
    for path in (iir, iir_in_blocks):
        assert path(noise(*shape), *bank(2)).shape == shape


@pytest.mark.parametrize("taps", [1, 2, 40])
def test_numerators_of_any_length(taps):
    x, a, b = noise(2, 2, 300), bank(3)[0], noise(2, taps)
    for path in (iir, iir_in_blocks):
        torch.testing.assert_close(path(x, a, b), by_scipy(x, a, b), rtol=1e-11, atol=1e-11)


def test_an_order_beyond_a_block():
    a = 0.9 * torch.nn.functional.pad(torch.ones(1, 1, dtype=torch.float64), (129, 0))  # y[t] = x[t] - 0.9 y[t-130]
    x, b = noise(1, 1, 1000), torch.ones(1, 1, dtype=torch.float64)
    for path in (iir, iir_in_blocks):
        torch.testing.assert_close(path(x, a, b), by_scipy(x, a, b), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("cutoff", [1e-3, 0.1, 0.9])
def test_float32_loses_nothing_but_the_rounding_of_samples(cutoff):
    """In float32 arithmetic the recursion of the lowest cutoff would be wrong in the third digit."""
    b, a = (torch.tensor(part)[None] for part in scipy.signal.butter(2, cutoff))
    x = noise(1, 1, 50000).float()
    exact = by_scipy(x.double(), a[:, 1:], b)
    for path in (iir, iir_in_blocks):
        assert (path(x, a[:, 1:], b) - exact).abs().max() < 1.2e-7 * exact.abs().max()


def test_the_kernel_equals_its_reference(compiled, monkeypatch):
    x, (a, b) = noise(4, 2, 3000), bank(2)
    by_kernel = iir(x, a, b)
    monkeypatch.setattr("sonovox._kernels.iir.kernels", lambda: load.Kernels(None, "switched off"))
    by_torch = iir(x, a, b)
    assert not torch.equal(by_kernel, by_torch)  # two ways indeed
    torch.testing.assert_close(by_kernel, by_torch, rtol=1e-12, atol=1e-12)


def test_infinity_and_nan_act_on_what_follows_only(compiled):
    a, b = bank(2)
    x = noise(1, 2, 100)
    expected = iir(x, a, b)
    for value in (torch.inf, torch.nan):
        spoilt = x.clone()
        spoilt[0, 0, 70] = value
        result = iir(spoilt, a, b)
        torch.testing.assert_close(result[0, 0, :70], expected[0, 0, :70], rtol=1e-13, atol=1e-13)
        assert not result[0, 0, 70:].isfinite().any()
        torch.testing.assert_close(result[0, 1], expected[0, 1], rtol=0, atol=0)


@pytest.mark.parametrize(
    "roots", [[0.5], [0.9, -0.2], [0.9, 0.9j, -0.9j], [0.5, -0.6, 0.7, 0.1], [0.9] * 5, [0, 0, 0.5, 0]]
)
def test_sections_multiply_to_the_polynomial(roots):
    polynomial = np.poly(roots).real
    sections = second_order_sections(torch.tensor(polynomial[None, 1:]))[0].numpy()
    product = np.ones(1)
    for section in sections:
        product = np.convolve(product, [1.0, *section])
    np.testing.assert_allclose(np.trim_zeros(product, "b"), np.trim_zeros(polynomial, "b"), atol=1e-13)
    assert len(sections) == (1 if len(roots) <= 2 else (len(roots) + 1) // 2)


def test_long_and_not_finite_feedback_is_not_factored():
    assert second_order_sections(torch.ones(2, 33)).shape == (2, 1, 33)
    assert second_order_sections(torch.full((2, 4), torch.nan)).shape == (2, 1, 4)


@pytest.mark.parametrize("kind", ["low", "high"])
def test_sections_keep_the_digits_of_high_orders(kind):
    """Against the cascade that the polynomial was multiplied from: the multiplication itself loses 1e-9."""
    exact = scipy.signal.butter(8, 0.1, kind, output="sos")
    b, a = (torch.tensor(part)[None] for part in scipy.signal.sos2tf(exact))
    x = noise(1, 1, 20000)
    expected = scipy.signal.sosfilt(exact, x.numpy())
    for path in (iir, iir_in_blocks):
        assert np.abs(path(x, a[:, 1:], b).numpy() - expected).max() < 1e-8


FORWARD_AD = "ignore:.torch.jit.*deprecated:DeprecationWarning"  # said by torch at its first forward derivative


@pytest.mark.filterwarnings(FORWARD_AD)
@pytest.mark.parametrize("kernels_on", [True, False])
def test_derivatives_of_signal_and_coefficients(kernels_on, monkeypatch):
    if not kernels_on:
        monkeypatch.setattr("sonovox._kernels.iir.kernels", lambda: load.Kernels(None, "switched off"))
    x, a, b = (part.requires_grad_() for part in (noise(1, 2, 12), 0.3 * noise(2, 2), noise(2, 2)))
    assert gradcheck(iir, (x, a, b), check_forward_ad=True, check_batched_grad=True)
    assert gradgradcheck(iir, (x, a, b), fast_mode=True)


def test_an_order_of_zero_has_derivatives():
    x, a, b = noise(1, 2, 20).requires_grad_(), torch.zeros(2, 0, dtype=torch.float64, requires_grad=True), noise(2, 3)
    assert gradcheck(iir, (x, a, b))


@pytest.mark.parametrize("in_dims", [(0, None, None), (None, 0, None), (None, None, 1), (1, 0, 0)])
def test_vmap_over_signals_or_coefficients_is_a_loop(in_dims):
    (a, b), x = bank(2), noise(3, 2, 100)
    tensors = [
        tensor if dim is None else torch.stack([(1 + 0.01 * k) * tensor for k in range(4)], dim)
        for tensor, dim in zip((x, a, b), in_dims, strict=True)
    ]
    looped = [
        iir(*(t if dim is None else t.select(dim, k) for t, dim in zip(tensors, in_dims, strict=True)))
        for k in range(4)
    ]
    torch.testing.assert_close(torch.vmap(iir, in_dims)(*tensors), torch.stack(looped))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torch_finds_the_rules_of_the_operator_consistent():
    x, (a, b) = noise(2, 2, 50).requires_grad_(), bank(2)
    torch.library.opcheck(torch.ops.sonovox.iir.default, (x, a.requires_grad_(), b.requires_grad_()))


def test_gradients_in_a_compiled_program():
    (a, b), x = bank(2), noise(2, 2, 100)
    gradients = []
    for function in (iir, torch.compile(iir, backend="aot_eager", fullgraph=True)):
        leaves = [part.clone().requires_grad_() for part in (x, a, b)]
        function(*leaves).square().sum().backward()
        gradients.append([leaf.grad for leaf in leaves])
    for eager, compiled_one in zip(*gradients, strict=True):
        torch.testing.assert_close(compiled_one, eager)
