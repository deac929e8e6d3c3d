import pytest
import torch

from small_encoder import KINDS, encoder, speech
from sonovox.models.wav2vec2.packing import pack, pays, unpack


def test_packing_and_back_keeps_the_steps():
    x, spans = torch.randn(3, 9, 4), [9, 2, 5]
    back = unpack(pack(x, spans), spans, 11)
    assert back.shape == (3, 11, 4)
    for item, span in enumerate(spans):
        assert torch.equal(back[item, :span], x[item, :span])
        assert not back[item, span:].any()


def test_a_compiler_gets_the_padded_batch():
    counts, x = torch.tensor([9, 2]), torch.randn(2, 9, 4)
    assert pays(x, counts)
    torch.compiler.reset()
    compiled = torch.compile(lambda x: x + pays(x, counts), fullgraph=True, backend="eager")
    assert torch.equal(compiled(x), x)


@pytest.mark.parametrize("kind", KINDS)
def test_without_padding_all_is_as_with_it(kind):
    """Values, hidden states and gradients, of items down to one without a frame."""
    model = encoder(kind)
    waves, lengths = speech((6000, 4100, 900, 300))
    results = []
    for skip in (False, True):
        model.feature_extractor.norm_over_padding = False
        model.encoder.transformer.skip_padding = skip
        model.zero_grad()
        states, counts = model.hidden_states(waves, lengths)
        out, _ = model(waves, lengths)
        heard = torch.arange(out.shape[1]) < counts[:, None]
        (out[heard].square().mean() + states[1][heard].mean()).backward()
        assert skip == (not out[3, 1:].any().item())
        gradients = [p.grad.clone() for p in model.parameters() if p.grad is not None]
        results.append([out[heard], *(state[heard] for state in states), *gradients])
    for padded, packed in zip(*results, strict=True):
        torch.testing.assert_close(packed, padded, rtol=1e-3, atol=max(1e-4 * padded.abs().max().item(), 1e-6))


def test_a_model_can_be_told():
    model = encoder()
    waves, lengths = speech((6000, 3000))
    model.ignore_padding()
    alone = model(waves[1:, :3000])[0]
    torch.testing.assert_close(model(waves, lengths)[0][1:, : alone.shape[1]], alone, rtol=1e-4, atol=1e-4)
    model.ignore_padding(False)
    assert not torch.allclose(model(waves, lengths)[0][1:, : alone.shape[1]], alone, rtol=1e-3, atol=1e-3)
