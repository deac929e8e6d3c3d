import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.models.whisper.attention import LayerCache
from sonovox.models.whisper.config import WhisperConfig
from sonovox.models.whisper.model import (
    DecoderCache,
    DecoderLayer,
    EncoderLayer,
    Whisper,
    WhisperDecoder,
    WhisperEncoder,
    sinusoids,
)

TOKENS = torch.tensor([[3, 14, 15, 9, 26], [5, 35, 8, 9, 7]])
# Computed by transformers 5.23 (`WhisperForConditionalGeneration`) with the weights of `small_whisper`.
LOGITS_OF_TRANSFORMERS = [
    [-1.342210, 0.903708, -0.316235, -0.323368, 0.909665, -1.346009],
    [-0.981390, 0.574644, -0.073172, -0.440363, 0.881306, -1.176972],
]
AUDIO_OF_TRANSFORMERS = [[-1.225829, 0.149265, 0.342777, -0.931249], [-1.225121, 0.387875, 0.118200, -1.035323]]


def test_numbers_are_those_of_transformers(small_whisper, small_mel):
    audio, logits = small_whisper.encode(small_mel), small_whisper(small_mel, TOKENS)
    # Six printed digits of float32.
    torch.testing.assert_close(audio[:, 5, :4], torch.tensor(AUDIO_OF_TRANSFORMERS), rtol=0, atol=3e-6)
    torch.testing.assert_close(logits[:, -1, :6], torch.tensor(LOGITS_OF_TRANSFORMERS), rtol=0, atol=3e-6)


@torch.inference_mode()
def test_steps_on_the_cache_equal_teacher_forcing(small_whisper, small_mel):
    whole = small_whisper(small_mel, TOKENS)
    cache = small_whisper.start(small_whisper.encode(small_mel))
    first = small_whisper.logits(small_whisper.states(TOKENS[:, :2], cache))
    rest = [small_whisper.logits(small_whisper.states(TOKENS[:, i : i + 1], cache)) for i in range(2, 5)]
    torch.testing.assert_close(torch.cat([first, *rest], 1), whole, rtol=1e-5, atol=1e-5)


@torch.inference_mode()
def test_beams_equal_rows_with_their_own_audio(small_whisper, small_mel):
    audio = small_whisper.encode(small_mel)
    shared = small_whisper.start(audio, beams=3)
    own = small_whisper.start(audio.repeat_interleave(3, 0))
    tokens = torch.arange(6)[:, None]
    torch.testing.assert_close(
        small_whisper.states(tokens, shared), small_whisper.states(tokens, own), rtol=1e-5, atol=1e-5
    )


@torch.inference_mode()
def test_items_that_leave_do_not_disturb_the_others(small_whisper, small_mel):
    audio = small_whisper.encode(small_mel)
    both, alone = small_whisper.start(audio), small_whisper.start(audio[1:])
    for step in range(3):
        tokens = TOKENS[:, step : step + 1]
        expected = small_whisper.states(tokens[1:], alone)
        states = small_whisper.states(tokens if both.layers[0].keys.shape[0] == 2 else tokens[1:], both)
        torch.testing.assert_close(states[-1:], expected, rtol=1e-5, atol=1e-5)
        if step == 0:
            both.keep(torch.tensor([1]), torch.tensor([1]))


def test_is_trained_by_gradients_everywhere(small_whisper, small_mel):
    logits = small_whisper(small_mel, TOKENS)
    torch.nn.functional.cross_entropy(logits.flatten(0, 1), TOKENS.flatten()).backward()
    without = [name for name, p in small_whisper.named_parameters() if p.grad is None]
    assert without == []
    key_bias = small_whisper.decoder.layers[0].attention.qkv.bias.grad[32:64]
    torch.testing.assert_close(key_bias, torch.zeros(32), rtol=0, atol=1e-7)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@torch.inference_mode()
def test_half_precision_stays_near_and_gives_float_logits(small_whisper, small_mel, dtype):
    expected = small_whisper(small_mel, TOKENS)
    logits = small_whisper.to(dtype)(small_mel, TOKENS)
    assert logits.dtype == torch.float32
    torch.testing.assert_close(logits, expected, rtol=0, atol=0.1 if dtype == torch.bfloat16 else 0.02)


def test_compiles_whole(small_whisper, small_mel):
    compiled = torch.compile(small_whisper, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(small_mel, TOKENS), small_whisper(small_mel, TOKENS))


def test_encoder_exports_with_any_number_of_items(small_whisper, small_mel):
    items = torch.export.Dim("items", min=1, max=64)
    exported = torch.export.export(small_whisper.encoder, (small_mel,), dynamic_shapes={"mel": {0: items}})
    five = small_mel[:1].expand(5, -1, -1)
    torch.testing.assert_close(exported.module()(five), small_whisper.encode(five))


def test_positions_are_sines_then_cosines_in_geometric_steps():
    table = sinusoids(1500, 384)
    rate = 10000 ** (-7 / 191)
    assert table[1000, 7].item() == pytest.approx(torch.tensor(1000 * rate).double().sin().item(), abs=2e-4)
    assert table[1000, 192 + 7].item() == pytest.approx(torch.tensor(1000 * rate).double().cos().item(), abs=2e-4)


def test_refuses_mel_of_another_shape(small_whisper):
    with pytest.raises(ArgumentError, match=r"mel must be \(items, 8, 24\), got \(1, 8, 23\); pad or cut to 30 s"):
        small_whisper.encode(torch.zeros(1, 8, 23))


def test_refuses_a_text_that_is_too_long(small_whisper, small_mel):
    cache = small_whisper.start(small_whisper.encode(small_mel))
    with pytest.raises(ArgumentError, match="must fit into 20 positions, got 21"):
        small_whisper.states(torch.zeros(2, 21, dtype=torch.long), cache)


def test_tiny_has_the_published_number_of_parameters():
    with torch.device("meta"):
        model = Whisper(WhisperConfig())
    # 37,184,640 in the paper's code, whose keys have no bias: 12 products with 384 biases more.
    positions = 1500 * 384  # a buffer, of which torch counts none
    count = sum(p.numel() for p in model.parameters())
    assert count + positions == 37_760_640 + 12 * 384


def test_layers_add_to_their_input():
    x = torch.sin(torch.arange(24.0)).view(1, 3, 8)
    encoder, decoder = EncoderLayer(8, 2), DecoderLayer(8, 2)
    for layer in (encoder, decoder):
        for name, parameter in layer.named_parameters():
            if ".out." in name or "feed_forward.3" in name:
                torch.nn.init.zeros_(parameter)
    cache = LayerCache(*decoder.cross_attention.keys_values(x), rows=1, max_length=3)
    assert torch.equal(encoder(x), x)
    assert torch.equal(decoder(x, cache, None), x)


def test_is_an_encoder_and_a_decoder_whose_cache_grows_by_what_is_said(small_whisper, small_mel):
    assert isinstance(small_whisper.encoder, WhisperEncoder)
    assert isinstance(small_whisper.decoder, WhisperDecoder)
    cache = small_whisper.start(small_whisper.encode(small_mel))
    assert isinstance(cache, DecoderCache)
    small_whisper.states(TOKENS, cache)
    assert cache.length == 5
