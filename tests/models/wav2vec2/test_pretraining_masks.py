import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.models.wav2vec2 import compute_mask, sample_negatives, w2v_mask_collate_fn
from sonovox.models.wav2vec2.pretraining_masks import negative_indices


@pytest.mark.parametrize(("lengths", "prob", "span"), [([60, 41, 25], 0.65, 10), ([9, 9], 0.9, 4), ([12, 11], 0.3, 10)])
def test_each_item_has_as_many_masked_steps_within_its_length(lengths, prob, span):
    for seed in range(50):
        torch.manual_seed(seed)
        mask = compute_mask((len(lengths), 70), lengths, prob, span)
        masked = mask.sum(1)
        assert (masked == masked[0]).all()
        assert masked[0] % span == 0
        assert 0 < masked[0] < min(lengths)
        assert not any(row[length:].any() for row, length in zip(mask, lengths, strict=True))


def test_about_the_share_is_masked():
    masked = [compute_mask((1, 500), [500], 0.4, 10).float().mean().item() for _ in range(100)]
    # One span more than the share, by chance up to two.
    assert 0.4 <= sum(masked) / len(masked) <= 0.44


def test_items_that_are_too_short_are_told():
    with pytest.raises(ArgumentError, match="more than mask_length = 10 steps and at most 40, got from 10 to 40"):
        compute_mask((2, 40), [40, 10], 0.5, 10)
    with pytest.raises(ArgumentError, match="a length for each item"):
        compute_mask((2, 40), [40], 0.5, 10)


def test_distractors_are_other_steps_of_the_item_each_as_likely():
    counts = torch.tensor([6, 3, 1])
    drawn = negative_indices(counts, 6, 3000, torch.Generator().manual_seed(0))
    for item, count in enumerate(counts.tolist()):
        for step in range(count):
            shares = drawn[item, step].bincount(minlength=6) / 3000
            if count == 1:
                assert shares[0] == 1
                continue
            expected = torch.zeros(6)
            expected[:count] = 1 / (count - 1)
            expected[step] = 0
            torch.testing.assert_close(shares, expected, rtol=0, atol=0.04)


def test_samples_are_steps_of_their_own_item():
    y = torch.arange(10.0).view(2, 5, 1).expand(2, 5, 3)
    found = sample_negatives(y, 40)
    assert found.shape == (40, 2, 5, 3)
    assert (found != y).all()
    assert set(found[:, 0, 0, 0].tolist()) == {1, 2, 3, 4}
    assert set(found[:, 1, 2, 0].tolist()) == {5, 6, 8, 9}, "SpeechBrain's come from the item before too"


def test_a_batch_with_its_mask():
    items = [{"id": str(length), "sig": torch.ones(length)} for length in (4000, 3000)]
    waves, lengths, mask = w2v_mask_collate_fn(items, lambda samples: samples // 100, 0.5, 4)
    assert waves.shape == (2, 4000)
    assert lengths.tolist() == [1.0, 0.75]
    assert mask.shape == (2, 40)
    assert not mask[1, 30:].any()
