"""What all models have in common: gradients, one graph for the compiler, export for any time."""

import torch
from torch import Tensor, nn
from torch.autograd import gradcheck


def check_gradient(model: nn.Module, *inputs: Tensor) -> None:
    """Gradients of inputs and weights are those of finite differences."""
    model = model.double()
    given = [x.double().requires_grad_() if x.is_floating_point() else x for x in inputs]
    assert gradcheck(lambda *tensors: model(*tensors[: len(given)]), (*given, *model.parameters()), fast_mode=True)
    model.float()


def check_compiles(model: nn.Module, *inputs: Tensor) -> None:
    torch.compiler.reset()
    with torch.no_grad():
        compiled = torch.compile(model, fullgraph=True, backend="eager")
        torch.testing.assert_close(compiled(*inputs), model(*inputs))


def check_exports(model: nn.Module, x: Tensor, longer: Tensor, *, axis: int) -> None:
    """A program that was exported with `x` gives what the model gives for `longer`."""
    with torch.no_grad():
        program = torch.export.export(model, (x,), dynamic_shapes=({axis: torch.export.Dim.AUTO},)).module()
        torch.testing.assert_close(program(longer), model(longer))
