import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.nn import GumbelVectorQuantizer, RandomProjectionQuantizer
from sonovox.nn.quantisers import perplexity


def quantiser(**changes):
    torch.manual_seed(0)
    return GumbelVectorQuantizer(
        **{"input_dim": 6, "num_vars": 5, "temp_tuple": (2.0, 0.5, 0.9), "groups": 2, "vq_dim": 8, **changes}
    )


def test_in_evaluation_a_step_becomes_its_likeliest_entries():
    layer, x = quantiser().eval(), torch.randn(2, 7, 6)
    books, logits = layer.vars[0].view(2, 5, 4), layer.weight_proj(x).view(2, 7, 2, 5)
    result = layer.quantise(x)
    for item in range(2):
        for step in range(7):
            codes = logits[item, step].argmax(-1)
            assert torch.equal(result.codes[item, step], codes)
            expected = torch.cat([books[0, codes[0]], books[1, codes[1]]])
            torch.testing.assert_close(result.vectors[item, step], expected)


def test_in_training_a_step_becomes_single_entries_and_all_logits_learn():
    layer, x = quantiser(), torch.randn(2, 7, 6)
    result = layer.quantise(x)
    books = layer.vars[0].view(2, 5, 4)
    expected = torch.cat([books[group][result.codes[..., group]] for group in range(2)], dim=-1)
    torch.testing.assert_close(result.vectors, expected)
    result.vectors.square().sum().backward()
    assert (layer.weight_proj.weight.grad != 0).all()


def test_entries_are_drawn_as_their_probabilities_say():
    layer = quantiser(groups=1, num_vars=3, vq_dim=2)
    with torch.no_grad():
        layer.weight_proj.weight.zero_()
        layer.weight_proj.bias.copy_(torch.tensor([0.7, 0.2, 0.1]).log())
    drawn = layer.quantise(torch.zeros(1, 20000, 6)).codes.flatten().bincount() / 20000
    # Four standard deviations of a share of 20000.
    torch.testing.assert_close(drawn, torch.tensor([0.7, 0.2, 0.1]), rtol=0, atol=0.013)


def test_perplexity_counts_what_is_in_use_within_the_mask():
    one_hot = torch.eye(4)[torch.tensor([0, 1, 2, 3, 0, 0])].unsqueeze(1)
    assert perplexity(one_hot[:4]).item() == pytest.approx(4)
    assert perplexity(one_hot, torch.tensor([1, 1, 0, 0, 0, 0])).item() == pytest.approx(2)
    assert perplexity(torch.cat([one_hot[:4], one_hot[:4]], dim=1)).item() == pytest.approx(8)


def test_the_temperature_falls_and_stays():
    layer = quantiser()
    cooled = []
    for step in (0, 1, 2, 100):
        layer.update_temp(step)
        cooled.append(layer.curr_temp)
    assert cooled == pytest.approx([2.0, 1.8, 1.62, 0.5])
    assert layer(torch.zeros(1, 2, 6))["temp"] == 0.5


def test_wrong_sizes_are_refused():
    with pytest.raises(ArgumentError, match="vq_dim must be a multiple of groups = 3, got 8"):
        quantiser(groups=3)
    with pytest.raises(ArgumentError, match="temp_tuple must be"):
        quantiser(temp_tuple=(1.0, 0.5))
    with pytest.raises(ArgumentError, match="cb_vocab"):
        RandomProjectionQuantizer(4, 4, 0)


def test_a_random_projection_finds_the_nearest_entry():
    layer, x = RandomProjectionQuantizer(6, 4, 9), torch.randn(2, 5, 6)
    projected = torch.nn.functional.normalize(x @ layer.P, dim=-1)
    distances = (projected.unsqueeze(2) - layer.CB).norm(dim=-1)  # as SpeechBrain computes it
    assert torch.equal(layer(x), distances.argmin(-1))
    assert not list(layer.parameters())
    assert set(layer.state_dict()) == {"P", "CB"}
