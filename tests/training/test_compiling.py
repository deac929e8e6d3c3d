import warnings

import pytest
import torch
from torch import nn

from sonovox._internal.errors import SonovoxWarning
from sonovox.training.compiling import compile_or_fall_back

# Of torch's own, when it imports its compiler.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Broken(nn.Module):
    def forward(self, x):
        torch._dynamo.graph_break()
        return 2 * x


def test_what_cannot_be_compiled_runs_as_it_is_with_one_warning():
    module = Broken()
    compile_or_fall_back(module, "encoder", fullgraph=True)
    with pytest.warns(SonovoxWarning, match="encoder cannot be compiled and runs as it is"):
        assert module(torch.ones(2)).tolist() == [2.0, 2.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error", SonovoxWarning)
        assert module(torch.ones(3)).tolist() == [2.0, 2.0, 2.0]


def test_a_compiled_module_keeps_its_state_and_learns(monkeypatch):
    compiled = torch.compile
    monkeypatch.setattr(torch, "compile", lambda function, **options: compiled(function, backend="eager"))
    module = nn.Linear(2, 1)
    names = list(module.state_dict())
    expected = module(torch.ones(1, 2))
    compile_or_fall_back(module, "output")
    torch.testing.assert_close(module(torch.ones(1, 2)), expected)
    assert list(module.state_dict()) == names
    module(torch.ones(1, 2)).sum().backward()
    assert module.weight.grad is not None


def test_errors_of_the_module_itself_come_through():
    module = nn.Linear(2, 1)
    compile_or_fall_back(module, "output")
    with pytest.raises(RuntimeError), pytest.warns(SonovoxWarning):
        module(torch.ones(1, 3))
