import pytest
import torch
from torch import nn

from sonovox import decoding
from sonovox.nn import AttentionalRNNDecoder, Embedding, Linear

SETTINGS = {"bos_index": 1, "eos_index": 5, "min_decode_ratio": 0.0, "max_decode_ratio": 1.0}


class Counts(nn.Module):
    def decode(self, tokens, states, counts):
        return 9.0 * nn.functional.one_hot(tokens + 1, 6).float(), torch.ones(*tokens.shape, states.shape[1])


def parts(name):
    if "Transformer" in name:
        return [[Counts(), nn.Identity()]]
    torch.manual_seed(0)
    decoder = AttentionalRNNDecoder("gru", "content", 12, 9, num_layers=1, enc_dim=8, input_size=6)
    return [Embedding(6, embedding_dim=6), decoder, Linear(6, input_size=12)]


@pytest.mark.parametrize(
    "name", ["S2SRNNBeamSearch", "S2SRNNGreedySearch", "S2STransformerBeamSearch", "S2STransformerGreedySearch"]
)
def test_older_names_give_hypotheses_and_scores_of_the_newer(name):
    options = {"beam_size": 1} if "Beam" in name else {}
    older = getattr(decoding, name)(*parts(name), **SETTINGS, **options)
    newer = getattr(decoding, f"{name}er")(*parts(name), **SETTINGS, **options)
    states, lengths = torch.ones(2, 9, 8), torch.tensor([1.0, 0.5])
    hyps, scores = older(states, lengths)
    expected, _, expected_scores, _ = newer(states, lengths)
    assert hyps == expected
    assert torch.equal(scores, expected_scores)
