import pytest
import torch

from sonovox._internal.errors import ArgumentError, ChoiceError
from sonovox.models.resepformer import (
    MemLSTM,
    ResourceEfficientSeparator,
    SBTransformerBlock_wnormandskip,
    SegLSTM,
)


def transformer(**options):
    return SBTransformerBlock_wnormandskip(1, 8, 2, d_ffn=12, **options)


def separator(mem_type="av", bidirectional=True, **options):
    torch.manual_seed(0)
    if mem_type == "av":
        segments, memory = transformer(), transformer(use_norm=False, use_skip=False)
    else:
        segments = SegLSTM(8, 6, bidirectional=bidirectional, norm_type="cln")
        memory = None if mem_type is None else MemLSTM(6, bidirectional=bidirectional, mem_type=mem_type)
    arguments = {"num_spk": 3, "layer": 3, "segment_size": 10, "seg_model": segments, "mem_model": memory, **options}
    return ResourceEfficientSeparator(8, mem_type=mem_type, **arguments).eval()


@pytest.mark.parametrize("frames", [7, 20, 37])
@pytest.mark.parametrize("mem_type", ["av", "hc", "h", "c", "id", None])
def test_items_have_masks_and_do_not_hear_each_other(mem_type, frames):
    model, x = separator(mem_type), torch.randn(2, 8, frames)
    masks = model(x)
    assert masks.shape == (3, 2, 8, frames)
    torch.testing.assert_close(masks[:, 1:], model(x[1:]))


@pytest.mark.parametrize("mem_type", ["hc", "h", "c", "id"])
def test_in_one_direction_nothing_hears_what_comes_later(mem_type):
    model, x = separator(mem_type, bidirectional=False), torch.randn(1, 8, 50)
    changed = x.clone()
    changed[:, :, 30:] += 1
    moved = (model(changed) - model(x)).abs().amax((0, 1, 2)).nonzero().flatten()
    assert int(moved.min()) == 30


def test_the_memory_carries_from_segment_to_segment():
    x = torch.randn(1, 8, 40)
    changed = x.clone()
    changed[:, :, :10] += 1
    for mem_type, reached in (("av", True), ("hc", True), (None, False)):
        model = separator(mem_type)
        assert bool((model(changed) - model(x))[..., 20:30].any()) == reached


@pytest.mark.parametrize(("nonlinear", "least", "most"), [("relu", 0, None), ("sigmoid", 0, 1), ("tanh", -1, 1)])
def test_masks_are_bounded(nonlinear, least, most):
    masks = separator(nonlinear=nonlinear)(10 * torch.randn(1, 8, 30))
    assert masks.min() >= least
    assert most is None or masks.max() <= most


def test_wrong_arguments_are_told():
    with pytest.raises(ChoiceError, match="nonlinear"):
        separator(nonlinear="softmax")
    with pytest.raises(ChoiceError, match="mem_type"):
        ResourceEfficientSeparator(8, mem_type="x", seg_model=transformer(), mem_model=transformer())
    with pytest.raises(ArgumentError, match="seg_model and mem_model"):
        ResourceEfficientSeparator(8, mem_type="av", seg_model=transformer())
