import pytest
import torch
import torch.nn.functional as F
from torch import nn

from sonovox._internal.errors import ArgumentError, ChoiceError
from sonovox.nn import Conv1d, Conv2d
from sonovox.nn.convolution import initialise_convolution, pad_same


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_same_padding_gives_one_result_a_stride(kernel, stride):
    assert Conv1d(2, kernel, in_channels=3, stride=stride)(torch.zeros(1, 23, 3)).shape[1] == -(-23 // stride)


def test_causal_results_do_not_see_what_comes_later():
    for layer, x in (
        (Conv1d(2, 3, in_channels=3, dilation=2, padding="causal"), torch.randn(1, 12, 3)),
        (Conv2d(2, (3, 3), in_channels=3, padding="causal", swap=True), torch.randn(1, 12, 5, 3)),
    ):
        later = x.clone()
        later[:, 7:] = 100.0
        assert torch.equal(layer(later)[:, :7], layer(x)[:, :7])


def test_features_last_and_features_first_are_one_computation():
    layer = Conv1d(4, 3, in_channels=5)
    first = Conv1d(4, 3, in_channels=5, skip_transpose=True)
    first.load_state_dict(layer.state_dict())
    x = torch.randn(2, 9, 5)
    torch.testing.assert_close(first(x.transpose(1, 2)), layer(x).transpose(1, 2))


def test_a_signal_without_channels_has_one():
    assert Conv1d(1, 3, input_shape=[None, None])(torch.zeros(2, 9)).shape == (2, 9)
    assert Conv1d(4, 3, input_shape=[None, None])(torch.zeros(2, 9)).shape == (2, 9, 4)
    assert Conv2d(4, (3, 3), input_shape=[None, None, 7])(torch.zeros(2, 9, 7)).shape == (2, 9, 7, 4)
    assert Conv2d(1, (3, 3), input_shape=[None, None, 7])(torch.zeros(2, 9, 7)).shape == (2, 9, 7)
    first = Conv2d(4, (3, 3), input_shape=[None, 9, 7], skip_transpose=True)
    assert first(torch.zeros(2, 9, 7)).shape == (2, 4, 9, 7)


def test_features_first_are_told_by_their_place():
    assert Conv1d(4, 3, input_shape=[None, 5, None], skip_transpose=True).in_channels == 5
    assert Conv2d(4, 3, input_shape=[None, 5, None, 7], skip_transpose=True).in_channels == 5


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (Conv1d(4, 3, in_channels=5, weight_norm=True), torch.randn(2, 9, 5)),
        (Conv2d(4, (3, 3), in_channels=5, weight_norm=True), torch.randn(2, 9, 7, 5)),
    ],
)
def test_weight_norm_can_be_removed_and_changes_nothing(layer, x):
    before = layer(x)
    layer.remove_weight_norm()
    assert set(layer.state_dict()) == {"conv.weight", "conv.bias"}
    torch.testing.assert_close(layer(x), before)


def test_weight_norm_reads_the_names_that_it_had_before():
    layer = Conv1d(4, 3, in_channels=5, weight_norm=True)
    state = layer.state_dict()
    old = {"conv.bias": state["conv.bias"]}
    old["conv.weight_g"] = state["conv.parametrizations.weight.original0"]
    old["conv.weight_v"] = state["conv.parametrizations.weight.original1"]
    layer.load_state_dict(old)


def test_weights_are_used_with_at_most_the_norm_asked_for():
    layer = Conv2d(4, (3, 3), in_channels=2, max_norm=0.1, padding="valid", bias=False)
    x = torch.randn(1, 5, 5, 2)
    weight = layer.conv.weight
    limited = weight * (0.1 / weight.flatten(1).norm(dim=1)).clamp(max=1).view(-1, 1, 1, 1)
    expected = F.conv2d(x.permute(0, 3, 2, 1), limited).permute(0, 3, 2, 1)
    torch.testing.assert_close(layer(x), expected, rtol=1e-4, atol=1e-5)  # renorm divides by the norm plus 1e-7


@pytest.mark.parametrize(("init", "deviation"), [("zero", 0.0), ("normal", 1e-6), ("kaiming", (2 / 1500) ** 0.5)])
def test_initial_weights_have_the_deviation_of_their_kind(init, deviation):
    conv = nn.Conv1d(500, 100, 3)
    initialise_convolution(conv, init)
    assert float(conv.weight.detach().std()) == pytest.approx(deviation, rel=0.02)


def test_what_cannot_be_is_refused():
    with pytest.raises(ChoiceError, match="did you mean same"):
        Conv1d(4, 3, in_channels=2, padding="sane")
    with pytest.raises(ArgumentError, match="groups must divide"):
        Conv1d(4, 3, in_channels=2, groups=3)
    with pytest.raises(ArgumentError, match="in_channels or input_shape"):
        Conv2d(4, 3)
    with pytest.raises(ChoiceError, match="conv_init"):
        Conv1d(4, 3, in_channels=2, conv_init="ones")


def test_no_padding_returns_the_input():
    x = torch.randn(1, 2, 3)
    assert pad_same(x, [(1, 1, 1)], "reflect") is x


def test_with_counts_an_item_goes_on_past_its_end_as_it_does_alone():
    x = torch.randn(2, 12, 3)
    for layer in (Conv1d(4, 5, in_channels=3, dilation=2), Conv1d(4, 5, in_channels=3, stride=2)):
        together = layer(x, torch.tensor([12, 7]))
        alone = layer(x[1:, :7])
        torch.testing.assert_close(together[0], layer(x[:1])[0])
        torch.testing.assert_close(together[1:, : alone.shape[1]], alone)


def test_counts_need_reflection():
    with pytest.raises(ArgumentError, match="'reflect'"):
        Conv1d(4, 5, in_channels=3, padding_mode="constant")(torch.randn(1, 12, 3), torch.tensor([12]))
