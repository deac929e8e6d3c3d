import math

import torch

from sonovox.models.wavlm import GatedRelativeAttention, relative_buckets


def bucket(distance, num_buckets, max_distance):
    """T5's rule as its paper tells it, one distance at a time."""
    half, size = num_buckets // 2, abs(distance)
    exact = half // 2
    if size >= exact:
        far = math.log(size / exact) / math.log(max_distance / exact) * (half - exact)
        size = min(exact + int(far), half - 1)
    return size + (half if distance > 0 else 0)


def test_buckets_are_exact_near_by_and_logarithmic_far_away():
    distances = torch.arange(-900, 901)
    expected = torch.tensor([bucket(distance, 320, 800) for distance in distances.tolist()])
    differ = (relative_buckets(distances, 320, 800) - expected).abs()
    # float32 against float64 where the logarithm is a whole number
    assert differ.max() <= 1
    assert differ.sum() <= 4


def test_the_bias_of_a_pair_is_the_entry_for_its_distance():
    attention = GatedRelativeAttention(8, 2, num_buckets=8, max_distance=6)
    bias = attention.relative_bias(9)
    for i, j in ((0, 0), (2, 5), (8, 1)):
        row = attention.rel_attn_embed.weight[bucket(j - i, 8, 6)]
        torch.testing.assert_close(bias[:, i, j], row)
    assert GatedRelativeAttention(8, 2, has_table=False).relative_bias(9) is None


def test_torchaudio_names_of_fused_projections_load():
    attention = GatedRelativeAttention(8, 2)
    state = {name: tensor + 1 for name, tensor in attention.state_dict().items()}
    theirs = {name: tensor for name, tensor in state.items() if "proj" not in name}
    for kind in ("weight", "bias"):
        theirs[f"attention.in_proj_{kind}"] = torch.cat([state[f"{name}_proj.{kind}"] for name in "qkv"])
        theirs[f"attention.out_proj.{kind}"] = state[f"out_proj.{kind}"]
    attention.load_state_dict(theirs)
    for name, tensor in attention.state_dict().items():
        torch.testing.assert_close(tensor, state[name])


def test_without_a_bias_it_is_plain_attention():
    attention, x = GatedRelativeAttention(8, 2), torch.randn(2, 5, 8)
    zero = torch.zeros(2, 5, 5)
    torch.testing.assert_close(attention(x, None, zero), attention(x))
