import pytest
import torch

from sonovox.models.whisper.attention import CrossAttention, LayerCache, SelfAttention


@pytest.fixture
def attention():
    torch.manual_seed(0)
    return SelfAttention(d_model=16, n_heads=2).eval()


def slow_attention(module: SelfAttention, x: torch.Tensor) -> torch.Tensor:
    """Causal attention by the formula, one head and one query at a time, in float64."""
    weight, bias = module.qkv.weight.double(), module.qkv.bias.double()
    q, k, v = (x.double() @ weight.T + bias).chunk(3, -1)
    heads = []
    for head in range(module.n_heads):
        part = slice(head * 8, head * 8 + 8)
        rows = []
        for i in range(x.shape[1]):
            scores = (k[:, : i + 1, part] @ q[:, i, part, None])[..., 0] / 8**0.5
            rows.append((scores.softmax(-1)[:, None] @ v[:, : i + 1, part])[:, 0])
        heads.append(torch.stack(rows, 1))
    return torch.cat(heads, -1) @ module.out.weight.double().T + module.out.bias.double()


def test_is_the_formula(attention):
    x = torch.randn(3, 5, 16)
    mask = torch.ones(5, 5, dtype=torch.bool).tril()
    torch.testing.assert_close(attention(x, None, mask).double(), slow_attention(attention, x), rtol=1e-5, atol=1e-6)


def test_steps_on_the_cache_equal_one_pass(attention):
    x = torch.randn(3, 5, 16)
    cache = LayerCache(torch.zeros(3, 2, 4, 8), torch.zeros(3, 2, 4, 8), rows=3, max_length=6)
    steps = torch.cat([attention(x[:, i : i + 1], cache) for i in range(5)], 1)
    whole = attention(x, None, torch.ones(5, 5, dtype=torch.bool).tril())
    torch.testing.assert_close(steps, whole, rtol=1e-5, atol=1e-6)


def test_a_bias_on_keys_changes_nothing(attention):
    x = torch.randn(2, 4, 16)
    before = attention(x)
    with torch.no_grad():
        attention.qkv.bias[16:32] += 3.0
    torch.testing.assert_close(attention(x), before, rtol=1e-4, atol=1e-5)


def test_beams_read_the_audio_of_their_item():
    torch.manual_seed(1)
    module = CrossAttention(16, 2)
    audio, x = torch.randn(2, 7, 16), torch.randn(6, 1, 16)  # 2 items with 3 beams
    together = module(x, *module.keys_values(audio))
    alone = torch.cat([module(x[i : i + 1], *module.keys_values(audio[i // 3][None])) for i in range(6)])
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-6)


def test_cache_reorders_and_drops_rows():
    cache = LayerCache(torch.arange(2.0).view(2, 1, 1, 1), torch.zeros(2, 1, 1, 1), rows=4, max_length=3)
    said = torch.arange(4.0).view(4, 1, 1, 1)
    cache.append(said, said)
    cache.reorder(torch.tensor([1, 1, 3, 2]))
    assert cache.keys[:, 0, 0, 0].tolist() == [1, 1, 3, 2]
    cache.keep(torch.tensor([1]), torch.tensor([2, 3]))
    keys, _ = cache.append(said[:2], said[:2])
    assert keys[:, 0, :, 0].tolist() == [[3, 0], [2, 1]]
    assert cache.cross_keys.flatten().tolist() == [1]
