"""The columns of the matrix: each checks one property of a case, and raises where it does not hold."""

import contextlib
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import gradcheck, gradgradcheck

from dsp.matrix.case import Case, Tensors
from sonovox._internal.errors import SonovoxError

HALVES = (torch.bfloat16, torch.float16)


@dataclass(frozen=True)
class Column:
    name: str
    check: Callable[[Case], None]
    slow: bool = False
    device: bool = False
    of_derivatives: bool = False
    report_only: bool = False  # told in the table, never a failure


def reason_against(case: Case, column: Column) -> str:
    """Why the column does not apply to the case; empty where it does."""
    if column.name in case.not_applicable:
        return case.not_applicable[column.name]
    return "the result has no derivative" if column.of_derivatives and not case.differentiable else ""


def gradient(case: Case) -> None:
    _seeded(gradcheck, _on_tensors(case.op().double()), _leaves(_double(case.inputs((), case.short_time))))


def second_gradient(case: Case) -> None:
    _seeded(gradgradcheck, _on_tensors(case.op().double()), _leaves(_double(case.inputs((), case.short_time))))


def forward_derivative(case: Case) -> None:
    op = _on_tensors(case.op().double())
    inputs = _double(case.inputs((1,), case.short_time))
    places = [place for place, tensor in enumerate(inputs) if _is_real_or_complex(tensor)]

    def of_floats(*floats: Tensor) -> Tensors:
        given = list(inputs)
        for place, tensor in zip(places, floats, strict=True):
            given[place] = tensor
        torch.manual_seed(0)
        return op(*given)

    floats = tuple(inputs[place] for place in places)
    directions = tuple(tensor.flip(-1) if tensor.dim() else tensor for tensor in floats)
    _, forward = torch.func.jvp(of_floats, floats, directions)
    results, back = torch.func.vjp(of_floats, *floats)
    gradients = back(tuple(torch.ones_like(result) for result in results))
    pairs = zip(gradients, directions, strict=True)
    torch.testing.assert_close(
        sum((g.conj() * d).real.sum() for g, d in pairs), sum(part.real.sum() for part in forward), rtol=1e-6, atol=1e-8
    )


def compiled(case: Case) -> None:
    _equal_when_compiled(case, "eager")


def compiled_by_inductor(case: Case) -> None:
    _equal_when_compiled(case, "inductor")


def exported(case: Case) -> None:
    op, inputs = case.op(), case.inputs((2,), case.time)
    dynamic = tuple(dict.fromkeys(axes, torch.export.Dim.AUTO) or None for axes in case.time_axes())
    # Call takes *inputs: one argument to export, which is a tuple.
    shapes = dynamic if _has_named_inputs(op) else (dynamic,)
    program = torch.export.export(op, inputs, dynamic_shapes=shapes).module()
    other = case.inputs((2,), case.other_time)
    _near(_seeded(program, *other), _seeded(op, *other), case.tolerance)


def torchscript(case: Case) -> None:
    op, inputs = case.op(), case.inputs((2,), case.time)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its deprecation, and what tracing says of Python numbers
        traced = torch.jit.trace(op, inputs, check_trace=False)
        _near(_seeded(traced, *inputs), _seeded(op, *inputs), case.tolerance)


def vmapped(case: Case) -> None:
    op, inputs = case.op(), case.inputs((3,), case.time)
    mapped = torch.vmap(op, in_dims=tuple(0 if batched else None for batched in case.batched()))
    _near(_seeded(mapped, *inputs), _seeded(op, *inputs), case.tolerance)
    twice = case.inputs((3, 2), case.time)
    _near(_seeded(mapped, *twice), _seeded(op, *twice), case.tolerance)


def autocast_and_half(case: Case) -> None:
    op, inputs = case.op(), case.inputs((2,), case.time)
    expected = _seeded(op, *inputs)
    for dtype in HALVES:
        with torch.autocast("cpu", dtype=dtype):
            _near(_seeded(op, *inputs), expected, case.tolerance)
            halves = tuple(tensor.to(dtype) if tensor.is_floating_point() else tensor for tensor in inputs)
            inside = _tensors(_seeded(op, *halves))
        floats = tuple(tensor.float() if tensor.is_floating_point() else tensor for tensor in halves)
        for result, exact in zip(inside, _tensors(_seeded(op, *floats)), strict=True):
            _near(result.to(exact.dtype), exact, max(case.tolerance, 2 * torch.finfo(dtype).eps))


def batch_is_a_loop(case: Case) -> None:
    op, inputs = case.op(), case.inputs((2, 3), case.time)
    rows = [[_tensors(op(*_item(case, _item(case, inputs, i), j))) for j in range(3)] for i in range(2)]
    looped = tuple(
        torch.stack([torch.stack([row[j][part] for j in range(3)]) for row in rows]) for part in range(len(rows[0][0]))
    )
    _near(op(*inputs), looped, case.tolerance)
    nothing = case.inputs((0,), case.time)
    for result, expected in zip(_tensors(op(*nothing)), looped, strict=True):
        if result.shape != (0, *expected.shape[2:]):
            raise AssertionError(f"an empty batch gives {tuple(result.shape)}")


def strided(case: Case) -> None:
    op, inputs = case.op(), case.inputs((2, 3), case.time)
    apart = tuple(x.repeat_interleave(2, -1)[..., ::2] if x.dim() else x for x in inputs)
    turned = tuple(x.transpose(0, -1).contiguous().transpose(0, -1) if x.dim() else x for x in inputs)
    expected = _seeded(op, *inputs)
    _near(_seeded(op, *apart), expected, case.tolerance)
    _near(_seeded(op, *turned), expected, case.tolerance)


def empty_time(case: Case) -> None:
    with contextlib.suppress(SonovoxError):
        for result in _tensors(case.op()(*case.inputs((2,), 0))):
            _finite(result)


def silence(case: Case) -> None:
    op = case.op()
    pairs = list(zip(case.inputs((2,), case.time), case.time_axes(), strict=True))
    inputs = _leaves(tuple(torch.zeros_like(x) if axes and _is_real_or_complex(x) else x for x, axes in pairs))
    results = _tensors(_seeded(op, *(tensor.detach() for tensor in inputs))) + _tensors(_seeded(op, *inputs))
    for result in results:
        _finite(result)
    total = sum(result.abs().sum() for result in results if result.requires_grad)
    if case.differentiable and isinstance(total, Tensor):
        total.backward()
        for tensor in inputs:
            if tensor.grad is not None:
                _finite(tensor.grad)


def nan_stays_local(case: Case) -> None:
    op, inputs = case.op(), case.inputs((3,), case.time)
    spoilt = []
    for tensor, batched in zip(inputs, case.batched(), strict=True):
        other = tensor.clone()
        if batched and _is_real_or_complex(other):
            other[1, ..., other.shape[-1] // 2 if other.dim() > 1 else ...] = torch.nan
        spoilt.append(other)
    for result, expected in zip(_tensors(_seeded(op, *spoilt)), _tensors(_seeded(op, *inputs)), strict=True):
        _near(result[[0, 2]], expected[[0, 2]], case.tolerance)


def input_is_kept(case: Case) -> None:
    op, inputs = case.op(), case.inputs((2,), case.time)
    before = [tensor.clone() for tensor in inputs]
    _seeded(op, *inputs)
    # An op that writes into its input fails with a leaf, too: torch refuses that.
    _seeded(op, *_leaves(inputs))
    if not all(torch.equal(a, b) for a, b in zip(inputs, before, strict=True)):
        raise AssertionError("the input was changed")


def same_with_gradients(case: Case) -> None:
    op, inputs = case.op(), case.inputs((2,), 3 * case.time)
    expected = _seeded(op, *inputs)
    with torch.inference_mode():
        inside = _seeded(op, *inputs)
    _near(inside, expected, case.tolerance)
    _near(_seeded(op, *_leaves(inputs)), expected, case.tolerance)


def float64_stays(case: Case) -> None:
    inputs = case.inputs((2,), case.time)
    for narrow, wide in zip(_tensors(case.op()(*inputs)), _tensors(case.op()(*_double(inputs))), strict=True):
        expected = {torch.float32: torch.float64, torch.complex64: torch.complex128}.get(narrow.dtype, narrow.dtype)
        if wide.dtype != expected:
            raise AssertionError(f"{expected} was expected, got {wide.dtype}")


def integers_are_refused(case: Case) -> None:
    inputs = tuple(
        torch.zeros_like(x, dtype=torch.int16) if _is_real_or_complex(x) else x for x in case.inputs((2,), case.time)
    )
    try:
        case.op()(*inputs)
    except SonovoxError as error:
        if not re.search("must be (floating point|complex).* got int16", str(error)):
            raise AssertionError(f"another error: {error}") from error
    else:
        raise AssertionError("integers were taken")


def cuda_equals_cpu(case: Case) -> None:
    op, inputs = case.op(), case.inputs((2,), case.time)
    expected = _tensors(_seeded(op, *inputs))
    results = _tensors(_seeded(op.cuda(), *(tensor.cuda() for tensor in inputs)))
    # Other algorithms for the transforms and the products: ten times the rounding of a CPU.
    _near(tuple(result.cpu() for result in results), expected, 10 * case.tolerance)


COLUMNS = (
    Column("gradcheck", gradient, of_derivatives=True),
    Column("gradgradcheck", second_gradient, of_derivatives=True),
    Column("compile", compiled),
    Column("inductor", compiled_by_inductor, slow=True),
    Column("export", exported),
    Column("TorchScript", torchscript, slow=True, report_only=True),
    Column("vmap", vmapped),
    Column("forward AD", forward_derivative, of_derivatives=True),
    Column("autocast", autocast_and_half),
    Column("batch", batch_is_a_loop),
    Column("strided", strided),
    Column("empty time", empty_time),
    Column("silence", silence),
    Column("NaN local", nan_stays_local),
    Column("input kept", input_is_kept),
    Column("CUDA", cuda_equals_cpu, device=True),
    Column("same with gradients", same_with_gradients),
    Column("float64 stays", float64_stays),
    Column("integers refused", integers_are_refused),
)


def _equal_when_compiled(case: Case, backend: str) -> None:
    torch.compiler.reset()
    op, inputs = case.op(), case.inputs((2,), case.time)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # inductor tells that it leaves complex numbers to eager kernels
        result = _seeded(torch.compile(op, backend=backend, fullgraph=True), *inputs)
    _near(result, _seeded(op, *inputs), case.tolerance)


def _seeded(function: Callable[..., Any], *arguments: Any) -> Any:
    torch.manual_seed(0)
    if function in (gradcheck, gradgradcheck):
        # The fast mode multiplies atol by the sums of its random weights, about 1e4 for 200 samples.
        return function(*arguments, fast_mode=True, atol=1e-8)
    return function(*arguments)


def _on_tensors(op: nn.Module) -> Callable[..., Tensors]:
    """The op with the results that can have a derivative as a tuple; random ones the same at every call."""

    def call(*inputs: Tensor) -> Tensors:
        torch.manual_seed(0)
        return tuple(result for result in _tensors(op(*inputs)) if _is_real_or_complex(result))

    return call


def _tensors(result: Any) -> Tensors:
    return tuple(_flat(result))


def _flat(result: Any) -> Iterator[Tensor]:
    if isinstance(result, Tensor):
        yield result
    elif isinstance(result, list | tuple):
        for part in result:
            yield from _flat(part)


def _item(case: Case, inputs: Tensors, index: int) -> Tensors:
    return tuple(x[index] if batched else x for x, batched in zip(inputs, case.batched(), strict=True))


def _is_real_or_complex(tensor: Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


def _double(inputs: Tensors) -> Tensors:
    wide = {torch.float32: torch.float64, torch.complex64: torch.complex128}
    return tuple(tensor.to(wide.get(tensor.dtype, tensor.dtype)) for tensor in inputs)


def _leaves(inputs: Tensors) -> Tensors:
    return tuple(tensor.clone().requires_grad_() if _is_real_or_complex(tensor) else tensor for tensor in inputs)


def _has_named_inputs(op: nn.Module) -> bool:
    return type(op).__name__ != "Call"


def _finite(tensor: Tensor) -> None:
    if not tensor.isfinite().all():
        raise AssertionError("not finite")


def _near(actual: Any, expected: Any, tolerance: float) -> None:
    for one, other in zip(_tensors(actual), _tensors(expected), strict=True):
        largest = other.detach().abs().max().item() if other.numel() else 0.0
        torch.testing.assert_close(one.detach(), other.detach(), rtol=tolerance, atol=tolerance * max(largest, 1e-10))
