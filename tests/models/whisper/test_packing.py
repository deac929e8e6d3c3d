import pytest
import torch

from sonovox.models.whisper.packing import PackedLinear, can_pack, pack


@pytest.mark.parametrize("rows", [1, 5, 300])
def test_product_is_that_of_the_plain_layer(rows):
    torch.manual_seed(0)
    plain, x = torch.nn.Linear(96, 200), torch.randn(rows, 3, 96)
    packed = PackedLinear(plain.weight, plain.bias)
    # Another order of summation in float32: 96 products of order one.
    torch.testing.assert_close(packed(x), plain(x), rtol=1e-5, atol=1e-5)


@torch.inference_mode()
def test_packed_model_says_the_same(small_whisper, small_mel):
    audio, tokens = small_whisper.encode(small_mel), torch.tensor([[3, 14], [5, 35]])
    expected = small_whisper.logits(small_whisper.states(tokens, small_whisper.start(audio)))
    packed = pack(small_whisper)
    assert not [m for m in packed.modules() if isinstance(m, torch.nn.Linear)]
    torch.testing.assert_close(
        packed.logits(packed.states(tokens, packed.start(audio))), expected, rtol=1e-5, atol=1e-5
    )


@torch.inference_mode()
def test_packed_encoder_gives_the_same(small_whisper, small_mel):
    expected = small_whisper.encode(small_mel)
    torch.testing.assert_close(pack(small_whisper).encode(small_mel), expected, rtol=1e-5, atol=1e-5)


@torch.inference_mode()
def test_bfloat16_is_packed_too(small_whisper, small_mel):
    expected = small_whisper(small_mel, torch.tensor([[3], [5]]))
    packed = pack(small_whisper.to(torch.bfloat16))
    torch.testing.assert_close(packed(small_mel, torch.tensor([[3], [5]])), expected, rtol=0, atol=0.1)


def test_what_cannot_be_packed_stays_as_it_is(small_whisper):
    assert not can_pack(small_whisper.half())
    assert pack(small_whisper).decoder.head is None


def test_a_torch_without_the_operators_packs_nothing(small_whisper, monkeypatch):
    def missing(self, weight, bias=None, **_):
        raise AttributeError("no such operator")

    monkeypatch.setattr(PackedLinear, "__init__", missing)
    assert not can_pack(small_whisper)


def test_a_product_that_is_wrong_is_not_used(small_whisper, monkeypatch):
    monkeypatch.setattr(PackedLinear, "forward", lambda self, x: x + 1)
    assert not can_pack(small_whisper)
