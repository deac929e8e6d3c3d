import pytest
import torch

from sonovox.nn.ligru_op import ACTIVATIONS, light_recurrence


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("normalised", [False, True])
def test_compiled_is_direct_with_its_gradients(name, normalised):
    torch.manual_seed(0)
    projected, first, u, kept, scale, shift = (
        torch.randn(*shape, requires_grad=True) for shape in [(2, 7, 6), (2, 3), (6, 3), (2, 3), (6,), (6,)]
    )
    norm = [scale, shift] if normalised else None
    leaves = [projected, first, u, kept, *(norm or [])]

    def run():
        return light_recurrence(projected, first, u, name, kept, norm)

    compiled = torch.compile(run, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(), run())
    direct = torch.autograd.grad(run().sin().sum(), leaves)
    torch.testing.assert_close(torch.autograd.grad(compiled().sin().sum(), leaves), direct)


def test_the_operation_follows_the_rules_of_its_kind():
    tensors = [torch.randn(2, 4, 6, requires_grad=True), torch.randn(2, 3), torch.randn(6, 3, requires_grad=True)]
    torch.library.opcheck(torch.ops.sonovox.light_recurrence.default, (tensors, "tanh", False, False))
