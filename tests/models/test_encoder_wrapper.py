import torch

from sonovox.models import EncoderWrapper, TransformerASR
from sonovox.nn import DynChunkTrainConfig, LengthsCapableSequential


def _model():
    return TransformerASR(
        9, 8, d_model=16, nhead=4, num_encoder_layers=1, num_decoder_layers=0, d_ffn=20, encoder_module="conformer",
        normalize_before=True, causal=False, kernel_size=5,
    ).eval()  # fmt: skip


def test_a_container_hands_it_the_lengths():
    model = _model()
    x, lengths = torch.randn(2, 20, 8), torch.tensor([1.0, 0.5])
    wrapped = LengthsCapableSequential(torch.nn.Identity(), EncoderWrapper(model))
    torch.testing.assert_close(wrapped(x, lengths), model.encode(x, lengths))
    assert not torch.allclose(wrapped(x, lengths), model.encode(x))


def test_it_streams_as_the_model_does():
    model = _model()
    wrapped, chunks = EncoderWrapper(model), DynChunkTrainConfig(4, 1)
    x = torch.randn(1, 12, 8)
    context = wrapped.make_streaming_context(chunks)
    parts = [wrapped.forward_streaming(chunk, context) for chunk in x.split(4, dim=1)]
    whole = wrapped(x, dynchunktrain_config=chunks)
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, atol=1e-5, rtol=1e-5)
