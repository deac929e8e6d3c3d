import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.models import TransformerLM

SMALL = {"d_model": 16, "nhead": 4, "num_encoder_layers": 2, "d_ffn": 20}
MORE = [
    {},
    {"attention_type": "RelPosMHAXL"},
    {"attention_type": "RoPEMHA"},
    {"num_decoder_layers": 1, "decoder_use_memory": True},
]


@pytest.mark.parametrize("arguments", MORE)
@pytest.mark.parametrize("causal", [True, False])
def test_no_token_sees_what_it_foretells(arguments, causal):
    model = TransformerLM(30, **SMALL, **arguments, causal=causal).eval()
    tokens = torch.randint(1, 30, (2, 9))
    changed = tokens.clone()
    changed[:, 5:] = torch.randint(1, 30, (2, 4))
    torch.testing.assert_close(model(tokens)[:, :5], model(changed)[:, :5])


@pytest.mark.parametrize("arguments", MORE)
def test_padding_is_not_heard(arguments):
    model = TransformerLM(30, **SMALL, **arguments).eval()
    tokens = torch.randint(1, 30, (1, 5))
    # Padding before tokens, of which those after it would hear
    inside = torch.cat((tokens[:, :2], torch.zeros(1, 1, dtype=torch.int64), tokens[:, 2:]), dim=1)
    scores = model(inside)
    model.custom_src_module.emb.Embedding.weight.data[0] *= -1
    others = [0, 1, 3, 4, 5]
    torch.testing.assert_close(scores[:, others], model(inside)[:, others])


def test_padding_at_the_start_gives_no_nan():
    assert TransformerLM(30, **SMALL)(torch.tensor([[0, 0, 3]])).isfinite().all()


def test_tokens_may_have_their_own_size():
    model = TransformerLM(30, **SMALL, d_embedding=6)
    assert model.custom_src_module.emb.Embedding.weight.shape == (30, 6)
    assert model(torch.tensor([[3, 4]])).shape == (1, 2, 30)


def test_masks_can_be_left_out():
    model = TransformerLM(30, **SMALL)
    tokens = torch.tensor([[5, 9]])
    assert model.make_masks(tokens, look_ahead_mask=False, padding_mask=False) == (None, None)
    future, padding = model.make_masks(tokens, pad_idx=9)
    assert future.tolist() == [[False, True], [False, False]]
    assert padding.tolist() == [[False, True]]


def test_it_learns_to_count():
    torch.manual_seed(0)
    model = TransformerLM(12, **SMALL, dropout=0.0)
    tokens = (torch.arange(9) + torch.arange(11).unsqueeze(1)) % 11 + 1
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss < 0.1


@pytest.mark.parametrize("attention", ["regularMHA", "RoPEMHA"])
def test_tables_of_speechbrain_are_passed_over(attention):
    model = TransformerLM(30, **SMALL, attention_type=attention)
    tables = {f"positional_encoding{end}.pe": torch.zeros(1, 2500, 16) for end in ("", "_decoder")}
    model.load_state_dict({**model.state_dict(), **tables})


@pytest.mark.parametrize(
    ("arguments", "match"),
    [({"num_encoder_layers": 0}, "num_encoder_layers must be"), ({"num_decoder_layers": 2}, "need decoder_use_memory")],
)
def test_what_cannot_be_is_refused(arguments, match):
    with pytest.raises(ArgumentError, match=match):
        TransformerLM(30, **{**SMALL, **arguments})


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore:Support for mismatched")  # theirs, of masks
@pytest.mark.parametrize("arguments", [{"d_embedding": 10, "normalize_before": True}, {"attention_type": "RoPEMHA"}])
def test_other_arguments_give_the_numbers_of_speechbrain_too(arguments):
    peer = pytest.importorskip("speechbrain.lobes.models.transformer.TransformerLM")
    theirs, ours = peer.TransformerLM(30, **SMALL, **arguments).eval(), TransformerLM(30, **SMALL, **arguments).eval()
    ours.load_state_dict(theirs.state_dict())
    tokens = torch.tensor([[1, 7, 3, 5], [1, 9, 0, 0]])
    # Two layers in float32
    torch.testing.assert_close(ours(tokens), theirs(tokens), atol=1e-5, rtol=1e-5)
