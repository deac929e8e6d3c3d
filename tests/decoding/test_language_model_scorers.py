import pytest
import torch

from sonovox.decoding import RNNLMScorer, TransformerLMScorer
from sonovox.models import RNNLM
from sonovox.models.transformer_lm import TransformerLM
from sonovox.nn import GRU, LSTM

TOKENS = torch.tensor([[1, 7, 3, 0, 5, 2], [1, 4, 4, 8, 9, 6]])


def stepwise(scorer, tokens, order=None):
    """Scores after each token; with `order`, the hypotheses change places after the third."""
    memory, scores = scorer.reset_mem(None, None), []
    for step, column in enumerate(tokens.T):
        result, memory = scorer.score(column, memory, None, None)
        scores.append(result)
        if step == 2 and order is not None:
            memory = scorer.permute_mem(memory, order)
            tokens = tokens[order]
    return torch.stack(scores, 1)


@pytest.mark.parametrize("rnn", [LSTM, GRU])
def test_a_recurrent_model_token_by_token_is_that_of_all_at_once(rnn):
    torch.manual_seed(0)
    lm = RNNLM(10, 6, rnn_class=rnn, rnn_neurons=8, dnn_neurons=7, return_hidden=True).eval()
    expected = (lm(TOKENS)[0] / 1.25).log_softmax(-1)
    torch.testing.assert_close(stepwise(RNNLMScorer(lm, 1.25), TOKENS), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "options", [{}, {"normalize_before": True}, {"d_embedding": 6}, {"attention_type": "RelPosMHAXL"}]
)
def test_a_transformer_token_by_token_is_that_of_all_at_once(options):
    torch.manual_seed(0)
    lm = TransformerLM(10, d_model=16, nhead=2, num_encoder_layers=2, num_decoder_layers=0, d_ffn=24, **options).eval()
    # The token 0 is taken for padding, which none sees.
    expected = (lm(TOKENS) / 1.25).log_softmax(-1)
    torch.testing.assert_close(stepwise(TransformerLMScorer(lm, 1.25), TOKENS), expected, rtol=0, atol=1e-5)


def test_the_memory_goes_with_the_hypotheses():
    torch.manual_seed(0)
    rnn = RNNLM(10, 6, rnn_neurons=8, dnn_neurons=7, return_hidden=True).eval()
    transformer = TransformerLM(10, d_model=16, nhead=2, num_encoder_layers=2, num_decoder_layers=0, d_ffn=24).eval()
    order = torch.tensor([1, 0])
    crossed = torch.cat((TOKENS[order, :3], TOKENS[:, 3:]), 1)
    for scorer in (RNNLMScorer(rnn), TransformerLMScorer(transformer)):
        expected = stepwise(scorer, crossed)[:, 3:]
        torch.testing.assert_close(stepwise(scorer, TOKENS, order)[:, 3:], expected, rtol=0, atol=1e-5)
