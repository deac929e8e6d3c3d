import torch

from sonovox.models.rnnlm import RNNLM
from sonovox.nn import GRU

SMALL = {"output_neurons": 9, "embedding_dim": 4, "rnn_neurons": 5, "dnn_neurons": 6}


@torch.no_grad()
def test_tokens_one_by_one_are_all_tokens_at_once():
    model = RNNLM(**SMALL, return_hidden=True).eval()
    tokens = torch.randint(9, (2, 7))
    expected, _ = model(tokens)
    hidden, scores = None, []
    for token in tokens.unbind(1):
        score, hidden = model(token, hidden)
        scores.append(score)
    torch.testing.assert_close(torch.stack(scores, 1), expected)


def test_later_tokens_change_nothing_before_them():
    model = RNNLM(**SMALL, rnn_class=GRU, dnn_blocks=2).eval()
    tokens = torch.randint(9, (1, 7))
    other = tokens.clone()
    other[:, 5:] = (other[:, 5:] + 1) % 9
    torch.testing.assert_close(model(other)[:, :5], model(tokens)[:, :5])


def test_without_blocks_states_are_scored_directly():
    assert RNNLM(**SMALL, dnn_blocks=0)(torch.randint(9, (2, 7))).shape == (2, 7, 9)
