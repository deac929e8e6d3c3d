import torch

from sonovox.models.tacotron2.decoder import Prenet


@torch.no_grad()
def test_half_of_the_units_drop_out_in_evaluation_too_and_the_others_are_doubled():
    prenet = Prenet(3, 2000).eval()
    torch.nn.init.ones_(prenet.layers[0].weight)
    torch.nn.init.eye_(prenet.layers[1].weight)
    kept = prenet(torch.ones(1, 3))
    # Each of two layers keeps a half, doubled: 3 becomes 12 with a probability of 1/4.
    assert set(kept.unique().tolist()) == {0.0, 12.0}
    assert 0.2 < (kept > 0).float().mean() < 0.3
    assert torch.equal(prenet(torch.ones(1, 3), dropout=False), torch.full((1, 2000), 3.0))


@torch.no_grad()
def test_a_generator_decides_which_and_leaves_that_of_torch_alone():
    prenet, x = Prenet(3, 50), torch.ones(1, 3)
    state = torch.get_rng_state()
    first, second = (prenet(x, generator=torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), state)
