import pytest
import torch

from sonovox.decoding.transformer_steps import TransformerCache, can_step, step_decoder, step_language_model
from sonovox.models.transformer_asr import TransformerASR
from sonovox.models.transformer_lm import TransformerLM

TOKENS = torch.tensor([[1, 7, 3, 0, 5], [1, 4, 4, 8, 9], [1, 2, 6, 6, 3], [1, 9, 9, 9, 9]])


def model(**options):
    torch.manual_seed(0)
    return TransformerASR(10, 8, d_model=16, nhead=2, num_encoder_layers=1, num_decoder_layers=2, d_ffn=24, **options)


@pytest.mark.parametrize("options", [{}, {"normalize_before": True}, {"attention_type": "RoPEMHA"}])
def test_token_by_token_is_all_at_once(options):
    asr = model(**options).eval()
    states, counts = torch.randn(2, 12, 16).repeat_interleave(2, 0), torch.tensor([12, 12, 7, 7])
    expected, weights = asr.decode(TOKENS, states, counts)
    cache = TransformerCache()
    for step, column in enumerate(TOKENS.T):
        result, cache, attn = step_decoder(asr, column, cache, states, counts, beam=2)
        torch.testing.assert_close(result, expected[:, step], rtol=0, atol=1e-5)
        torch.testing.assert_close(attn, weights[:, step], rtol=0, atol=1e-5)
    assert cache.steps == 5


def test_rows_change_places_and_items_leave():
    asr = model().eval()
    states, counts = torch.randn(2, 12, 16).repeat_interleave(2, 0), torch.tensor([12, 12, 7, 7])
    cache = TransformerCache()
    for column in TOKENS[:, :3].T:
        _, cache, _ = step_decoder(asr, column, cache, states, counts, beam=2)
    cache = cache.permute(torch.tensor([1, 0, 3, 2])).keep(torch.tensor([2, 3]), beam=2)
    result, _, _ = step_decoder(asr, torch.tensor([5, 6]), cache, states[2:], counts[2:], beam=2)
    said = torch.tensor([[1, 9, 9, 5], [1, 2, 6, 6]])
    torch.testing.assert_close(result, asr.decode(said, states[2:], counts[2:])[0][:, -1], rtol=0, atol=1e-5)


def test_only_plain_attention_goes_step_by_step():
    assert can_step(model().decoder.layers)
    assert not can_step(model(attention_type="RelPosMHAXL").encoder.layers)


def test_a_language_model_hides_the_token_of_padding():
    torch.manual_seed(0)
    lm = TransformerLM(10, d_model=16, nhead=2, num_encoder_layers=2, num_decoder_layers=0, d_ffn=24).eval()
    cache = TransformerCache()
    for step, column in enumerate(TOKENS.T):
        scores, cache = step_language_model(lm, column, cache)
        torch.testing.assert_close(scores, lm(TOKENS)[:, step], rtol=0, atol=1e-5)
    assert cache.hidden_tokens.tolist()[0] == [False, False, False, True, False]
