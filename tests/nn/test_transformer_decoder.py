import pytest
import torch
from torch import nn

from sonovox.nn import TransformerDecoder, TransformerDecoderLayer
from sonovox.nn.attention_masks import get_lookahead_mask

HEARD_PADDING = torch.tensor([[False] * 9, [False] * 6 + [True] * 3])


@pytest.mark.parametrize("before", [True, False])
def test_a_layer_is_that_of_torch(before):
    ours = TransformerDecoderLayer(d_ffn=12, nhead=2, d_model=8, normalize_before=before)
    torchs = nn.TransformerDecoderLayer(8, 2, 12, norm_first=before, batch_first=True, dropout=0.0, layer_norm_eps=1e-6)
    names = {".att.": ".", "pos_ffn.ffn.0": "linear1", "pos_ffn.ffn.3": "linear2", ".norm.": "."}
    state = {}
    for name, value in ours.state_dict().items():
        for theirs, torchs_name in names.items():
            name = name.replace(theirs, torchs_name)
        state[name] = value
    torchs.load_state_dict(state)
    said, heard = torch.randn(2, 5, 8), torch.randn(2, 9, 8)
    mask = get_lookahead_mask(said)
    result, weights = ours(said, heard, mask, memory_key_padding_mask=HEARD_PADDING, return_attn_weights=True)
    torch.testing.assert_close(result, torchs(said, heard, mask, memory_key_padding_mask=HEARD_PADDING))
    assert weights[1, :, 6:].eq(0).all()


def test_weights_are_those_of_each_layer_if_asked_for():
    decoder = TransformerDecoder(3, nhead=2, d_ffn=12, d_model=8, kdim=6, vdim=6).eval()
    said, heard = torch.randn(2, 5, 8), torch.randn(2, 9, 6)
    result, weights = decoder(said, heard, return_attn_weights=True)
    assert [w.shape for w in weights] == [(2, 5, 9)] * 3
    without, none = decoder(said, heard)
    assert none == []
    torch.testing.assert_close(result, without)


def test_a_causal_decoder_does_not_see_later_tokens():
    decoder = TransformerDecoder(2, nhead=2, d_ffn=12, d_model=8, causal=True)
    said, heard = torch.randn(1, 6, 8), torch.randn(1, 9, 8)
    changed = said.clone()
    changed[:, 4:] *= -1
    torch.testing.assert_close(decoder(said, heard)[0][:, :4], decoder(changed, heard)[0][:, :4])
