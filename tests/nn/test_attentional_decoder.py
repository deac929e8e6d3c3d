import pytest
import torch

from sonovox._internal.errors import ArgumentError, ChoiceError
from sonovox.nn import AttentionalRNNDecoder

ARGUMENTS = {"hidden_size": 6, "attn_dim": 5, "num_layers": 2, "enc_dim": 4, "input_size": 3}


@pytest.fixture(params=["content", "location", "keyvalue"])
def decoder(request):
    torch.manual_seed(0)
    return AttentionalRNNDecoder("lstm", request.param, **ARGUMENTS, channels=2, kernel_size=3).eval()


@torch.no_grad()
def test_steps_one_by_one_are_all_steps_at_once(decoder):
    tokens, states, counts = torch.randn(2, 5, 3), torch.randn(2, 9, 4), torch.tensor([9, 6])
    expected, _ = decoder(tokens, states, counts / 9)
    decoder.attn.reset()
    hs, c, results = None, torch.zeros(2, 5), []
    for token in tokens.unbind(1):
        result, hs, c, weights = decoder.forward_step(token, hs, c, states, counts)
        results.append(result)
    torch.testing.assert_close(torch.stack(results, 1), expected)
    assert weights.shape == (2, 9)


@torch.no_grad()
def test_padding_of_the_encoder_gets_no_weight_and_changes_nothing(decoder):
    tokens, states = torch.randn(2, 5, 3), torch.randn(2, 9, 4)
    result, weights = decoder(tokens, states, torch.tensor([1.0, 6 / 9]))
    assert torch.equal(weights[1, :, 6:], torch.zeros(5, 3))
    torch.testing.assert_close(decoder(tokens[1:], states[1:, :6], torch.ones(1))[0], result[1:])


def test_two_batches_do_not_see_each_other(decoder):
    tokens, states, share = torch.randn(2, 5, 3), torch.randn(2, 9, 4), torch.ones(2)
    first, _ = decoder(tokens, states, share)
    decoder(torch.randn(1, 2, 3), torch.randn(1, 4, 4), torch.ones(1))
    torch.testing.assert_close(decoder(tokens, states, share)[0], first)


def test_unknown_types_are_refused():
    with pytest.raises(ChoiceError, match="did you mean lstm"):
        AttentionalRNNDecoder("lsmt", "content", **ARGUMENTS)
    with pytest.raises(ChoiceError, match="attn_type"):
        AttentionalRNNDecoder("gru", "dot", **ARGUMENTS)


def test_location_needs_its_convolution():
    with pytest.raises(ArgumentError, match="needs channels and kernel_size"):
        AttentionalRNNDecoder("gru", "location", **ARGUMENTS)
