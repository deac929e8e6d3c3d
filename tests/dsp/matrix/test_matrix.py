"""The matrix of properties: every case of every `cases_*.py` against every column of `columns.py`."""

import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from dsp.matrix.case import Case
from dsp.matrix.columns import COLUMNS, Column, reason_against
from sonovox import functional, transforms
from sonovox.compliance import kaldi


def all_cases() -> list[Case]:
    files = sorted(Path(__file__).parent.glob("cases_*.py"))
    return [case for path in files for case in importlib.import_module(f"dsp.matrix.{path.stem}").CASES]


def of_tensors(face: ModuleType) -> list[str]:
    """Names of its functions that take a tensor, or blocks of one; the others have properties of numbers only."""
    return [name for name in face.__all__ if _takes_tensors(getattr(face, name))]


def of_numbers(face: ModuleType) -> list[str]:
    """Names of its functions of numbers, lists and words: filter banks, scales, guards."""
    return [name for name in face.__all__ if not _takes_tensors(getattr(face, name))]


def _takes_tensors(function: Callable[..., Any]) -> bool:
    return any("Tensor" in str(parameter.annotation) for parameter in inspect.signature(function).parameters.values())


def cells():
    for column in COLUMNS:
        marks = [pytest.mark.slow] * column.slow + [pytest.mark.device] * column.device
        for case in all_cases():
            if not reason_against(case, column) and not column.report_only:
                yield pytest.param(case, column, id=f"{case.name}: {column.name}", marks=marks)


# Said by torch itself at its first forward derivative and in exported programs.
@pytest.mark.filterwarnings("ignore:.torch.jit.*deprecated:DeprecationWarning")
@pytest.mark.parametrize(("case", "column"), list(cells()))
def test_property_holds(case, column):
    if column.device and not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    column.check(case)


def test_names_of_cases_differ_and_exceptions_name_columns():
    names = [case.name for case in all_cases()]
    assert len(set(names)) == len(names), sorted(name for name in set(names) if names.count(name) > 1)
    known = {column.name for column in COLUMNS}
    assert not [(case.name, name) for case in all_cases() for name in case.not_applicable if name not in known]


def names_of_rows(names):
    """As twins are told by: `rnnt_loss` and `RNNTLoss` are one row."""
    return {name.lower().replace("_", "") for name in names}


def test_every_public_function_of_tensors_and_every_transform_has_a_row():
    rows = names_of_rows(case.name.split(",")[0] for case in all_cases())
    names = {*transforms.__all__, *of_tensors(functional), *(f"kaldi.{name}" for name in of_tensors(kaldi))}
    assert not sorted(name for name in names if not names_of_rows([name]) <= rows)


def test_functions_of_numbers_are_told_from_those_of_tensors():
    assert {"vol", "psd", "apply_codec"} & set(of_tensors(functional)) == {"psd", "apply_codec"}
    assert {"create_dct", "hz_to_mel", "edit_distance"} <= set(of_numbers(functional))


class Counting:
    """An op that gives other numbers at every call."""

    def __init__(self):
        self.calls = 0

    def __call__(self, x):
        self.calls += 1
        return x * self.calls


class WithoutForward(torch.autograd.Function):
    """A product with 2 that has a backward rule only."""

    @staticmethod
    def forward(x):
        return 2 * x

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, gradient):
        return 2 * gradient


def only_seven_hundred(x):
    return x[..., :700] + torch.zeros(700)


BROKEN = {
    "gradcheck": lambda x: x * x.detach(),
    "gradgradcheck": lambda x: x * x.detach() + x.square() * x.detach().square(),
    "compile": lambda x: x if x.sum() > 0 else -x,
    "inductor": lambda x: x if x.sum() > 0 else -x,
    "export": only_seven_hundred,
    "vmap": lambda x: x * float(x.abs().max()),
    "forward AD": WithoutForward.apply,
    "autocast": lambda x: (x.unsqueeze(-1) @ torch.ones(1, 3)).sum(-1),
    "batch": lambda x: x / x.abs().max(),
    "strided": lambda x: torch.as_strided(x, x.shape, torch.empty(x.shape).stride()) * 1,
    "empty time": lambda x: x.mean(-1),
    "silence": lambda x: x / x.abs().amax(-1, keepdim=True),
    "NaN local": lambda x: x + 0 * x.sum(),
    "input kept": lambda x: x.mul_(2),
    "same with gradients": Counting(),
    "float64 stays": lambda x: x.float(),
    "integers refused": lambda x: x * 2,
}


@pytest.mark.parametrize("name", BROKEN)
def test_every_column_can_fail(name):
    (column,) = (column for column in COLUMNS if column.name == name)
    with pytest.raises(Exception):  # noqa: B017, each column and torch raise their own
        column.check(Case("broken", lambda: BROKEN[name]))


def test_a_reason_spares_a_cell():
    column = Column("vmap", lambda case: None)
    assert reason_against(Case("x", lambda: abs, not_applicable={"vmap": "why"}), column) == "why"
    assert reason_against(Case("x", lambda: abs), column) == ""
    derivative = Column("gradcheck", lambda case: None, of_derivatives=True)
    assert reason_against(Case("x", lambda: abs, differentiable=False), derivative) == "the result has no derivative"
