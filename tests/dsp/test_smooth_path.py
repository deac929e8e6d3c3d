import itertools

import pytest
import torch

from sonovox.dsp.smooth_path import smooth_path


def noise(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def cost_of(path, cost, penalty):
    path = torch.as_tensor(path)
    return (cost.gather(-1, path[..., None]).sum() + penalty * path.diff().square().sum()).item()


@pytest.mark.parametrize("penalty", [0.0, 0.1, 1.0, 100.0])
def test_no_other_path_costs_less(penalty):
    cost = noise(5, 4)
    best = min(cost_of(path, cost, penalty) for path in itertools.product(range(4), repeat=5))
    assert cost_of(smooth_path(cost, penalty), cost, penalty) == pytest.approx(best)


def test_without_a_penalty_every_frame_takes_its_least_and_with_a_large_one_all_take_the_same():
    cost = noise(3, 50, 20)
    assert torch.equal(smooth_path(cost, 0.0), cost.argmin(-1))
    assert torch.equal(smooth_path(cost, 1e6), cost.sum(1).argmin(-1, keepdim=True).expand(3, 50))


def test_leading_dimensions_are_a_loop_over_items():
    cost = noise(2, 3, 30, 15)
    looped = torch.stack([torch.stack([smooth_path(item, 0.05) for item in row]) for row in cost])
    assert torch.equal(smooth_path(cost, 0.05), looped)
    assert smooth_path(cost[:0], 0.05).shape == (0, 3, 30)


def test_vmap_over_any_axis_is_a_batch():
    cost = noise(4, 30, 15)
    mapped = torch.vmap(lambda x: smooth_path(x, 0.05), in_dims=2)(cost.permute(1, 2, 0))
    assert torch.equal(mapped, smooth_path(cost, 0.05))


def test_ten_thousand_frames_in_float32_are_as_good_as_in_float64():
    cost = noise(10000, 30).square() + 1000.0
    short = smooth_path(cost.float(), 0.01)
    assert cost_of(short, cost, 0.01) - cost_of(smooth_path(cost, 0.01), cost, 0.01) < 1e-2


def test_the_operation_is_registered_rightly():
    operation = torch.ops.sonovox.smooth_path.default
    torch.library.opcheck(operation, (noise(2, 6, 5), 0.1), test_utils=("test_schema", "test_faketensor"))
