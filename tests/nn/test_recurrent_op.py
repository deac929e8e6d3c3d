import copy

import pytest
import torch

from sonovox.nn.recurrent_op import RecurrentWeights


@pytest.mark.parametrize("mode", ["GRU", "LSTM", "RNN_TANH", "RNN_RELU"])
@pytest.mark.parametrize("counts", [None, torch.tensor([2, 5])])
def test_the_operation_follows_the_rules_of_its_kind(mode, counts):
    layer = RecurrentWeights(mode, 4, 3, bidirectional=True)
    hx = [torch.randn(2, 2, 3) for _ in range(2 if mode == "LSTM" else 1)]
    arguments = (torch.randn(2, 5, 4, requires_grad=True), hx, list(layer.parameters()), counts, mode, True)
    tests = ("test_schema", "test_autograd_registration", "test_faketensor")
    torch.library.opcheck(torch.ops.sonovox.recurrent_layer.default, arguments, test_utils=tests)


def test_weights_at_hand_are_used_after_copies_and_casts():
    layer = RecurrentWeights("GRU", 4, 3)
    twin = copy.deepcopy(layer)
    with torch.no_grad():
        twin.weight_hh_l0.zero_()
    x, hx = torch.randn(2, 5, 4), [torch.ones(1, 2, 3)]
    assert not torch.equal(layer(x, hx, None)[0], twin(x, hx, None)[0])
    assert layer.double()(x.double(), [hx[0].double()], None)[0].dtype == torch.float64


def test_dropout_is_between_layers_in_training_only():
    layer = RecurrentWeights("GRU", 4, 3, num_layers=2, dropout=0.9)
    x, hx = torch.randn(2, 5, 4), [torch.zeros(2, 2, 3)]
    assert not torch.equal(layer(x, hx, None)[0], layer(x, hx, None)[0])
    layer.eval()
    assert torch.equal(layer(x, hx, None)[0], layer(x, hx, None)[0])
