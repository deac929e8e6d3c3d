import math

import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.nn.attention_masks import (
    DynChunkTrainConfig,
    get_chunk_mask,
    get_key_padding_mask,
    get_length_mask,
    get_lookahead_mask,
    merge_masks,
)


def test_a_step_is_hidden_to_those_before_it():
    mask = get_lookahead_mask(torch.zeros(3, 6, 2))
    assert mask.equal(torch.ones(6, 6).triu(1).bool())


def test_padding_is_where_the_token_is():
    assert get_key_padding_mask(torch.tensor([[4, 9], [9, 9]]), 9).tolist() == [[False, True], [True, True]]


def test_lengths_hide_what_lies_behind_the_end():
    assert (~get_length_mask(torch.tensor([0.2, 0.6, 1.0]), 10)).sum(1).tolist() == [2, 6, 10]


@pytest.mark.parametrize("left", [0, 1, 3, None])
def test_a_frame_sees_its_chunk_and_so_many_before(left):
    hidden = get_chunk_mask(11, DynChunkTrainConfig(4, left))
    for frame in range(11):
        chunk = frame // 4
        first = 0 if left is None else max(chunk - left, 0)
        seen = [other for other in range(11) if first <= other // 4 <= chunk]
        assert (~hidden[frame]).nonzero().flatten().tolist() == seen


def test_chunks_tell_their_context_in_frames():
    assert DynChunkTrainConfig(8, 3).left_context_size_frames() == 24
    assert DynChunkTrainConfig(8).left_context_size_frames() is None
    assert DynChunkTrainConfig(8).is_infinite_left_context()
    assert not DynChunkTrainConfig(8, 0).is_infinite_left_context()


@pytest.mark.parametrize("sizes", [(0, 1), (4, -1)])
def test_chunks_have_frames_and_no_negative_context(sizes):
    with pytest.raises(ArgumentError, match="chunk_size must be at least 1"):
        DynChunkTrainConfig(*sizes)


HIDDEN = torch.tensor([[False, True], [False, False]])
PADDING = torch.tensor([[False, False], [True, False]])


def _as_numbers(mask):
    return torch.zeros(mask.shape).masked_fill(mask, -math.inf)


@pytest.mark.parametrize("attention_is_boolean", [True, False])
@pytest.mark.parametrize("padding_is_boolean", [True, False])
def test_boolean_masks_and_numbers_to_add_say_the_same(attention_is_boolean, padding_is_boolean):
    merged = merge_masks(
        HIDDEN if attention_is_boolean else _as_numbers(HIDDEN),
        PADDING if padding_is_boolean else _as_numbers(PADDING),
    )
    expected = HIDDEN | PADDING[:, None, None]
    assert (merged if merged.dtype == torch.bool else merged.isneginf()).equal(expected)


def test_one_mask_alone_stays_as_it_is():
    assert merge_masks(None, None) is None
    assert merge_masks(HIDDEN, None) is HIDDEN
    assert merge_masks(None, PADDING).equal(PADDING[:, None, None])
