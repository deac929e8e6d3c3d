import pytest
import torch

from sonovox.errors import ChoiceError
from sonovox.training.precision import Precision

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("name", "dtype"), [("fp32", torch.float32), ("fp16", torch.float16), ("bf16", torch.bfloat16)]
)
def test_products_are_computed_in_the_format(name, dtype):
    precision = Precision(name, CPU)
    with precision.context():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == dtype
    assert precision.scaler().is_enabled() == (name == "fp16")


def test_a_format_that_is_not_there_is_refused():
    with pytest.raises(ChoiceError, match=r"precision must be one of fp32, fp16, bf16, got 'bf6'; did you mean bf16\?"):
        Precision("bf6", CPU)
