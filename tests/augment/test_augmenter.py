"""Several augmentations of a batch."""

import pytest
import torch
from torch import nn

from sonovox._internal.errors import ArgumentError
from sonovox.augment import AddNoise, Augmenter, DropChunk, DropFreq, RandAmp, SpeedPerturb

X = torch.arange(1.0, 6.0).unsqueeze(1).expand(5, 3)
LENGTHS = torch.tensor([0.2, 0.4, 0.6, 0.8, 1.0])
LABELS = torch.arange(5)


class Add(nn.Module):
    def __init__(self, amount):
        super().__init__()
        self.amount = amount

    def forward(self, x):
        return x + self.amount


class Halve(nn.Module):
    def forward(self, x, lengths):
        return x[:, ::2], lengths


def run(augmentations, seeds=None, **arguments):
    augmenter = Augmenter(augmentations=augmentations, **arguments)
    y, lengths = augmenter(X, LENGTHS, seeds=seeds)
    labels = augmenter.replicate_labels(LABELS)
    assert len(y) == len(lengths) == len(labels)
    torch.testing.assert_close(lengths, LENGTHS[labels])
    return y[:, 0].tolist(), labels.tolist()


BOTH = {"min_augmentations": 2, "max_augmentations": 2}
TEN = [Add(10), Add(100)]
ONE, TWO = [11, 12, 13, 14, 15], [101, 102, 103, 104, 105]
ORIGINALS, ORDER = [1, 2, 3, 4, 5], [0, 1, 2, 3, 4]


@pytest.mark.parametrize("seeds", [None, torch.arange(5)])
@pytest.mark.parametrize(
    ("arguments", "values", "labels"),
    [
        (BOTH, [111, 112, 113, 114, 115], ORDER),
        (BOTH | {"concat_original": True}, [*ORIGINALS, 111, 112, 113, 114, 115], ORDER * 2),
        (BOTH | {"parallel_augment": True}, ONE + TWO, ORDER * 2),
        (
            BOTH | {"parallel_augment": True, "concat_original": True, "repeat_augment": 2},
            ORIGINALS + (ONE + TWO) * 2,
            ORDER * 5,
        ),
        (BOTH | {"augment_start_index": 1, "augment_end_index": 3}, [112, 113], [1, 2]),
        (
            BOTH | {"augment_start_index": 3, "concat_original": True, "concat_start_index": 1, "concat_end_index": 2},
            [2, 114, 115],
            [1, 3, 4],
        ),
        (BOTH | {"augment_prob": 0.0, "concat_original": True}, ORIGINALS, ORDER),
        ({"enable_augmentations": [False, True]}, TWO, ORDER),
        ({"enable_augmentations": [False, False]}, ORIGINALS, ORDER),
        ({"max_augmentations": 1}, ONE, ORDER),
        ({"min_augmentations": 0, "max_augmentations": 0}, ORIGINALS, ORDER),
    ],
)
def test_what_is_applied_and_to_which_items(arguments, values, labels, seeds):
    assert run(TEN, seeds, **arguments) == (values, labels)


def test_of_a_fixed_size_each_augmentation_gets_its_part():
    arguments = BOTH | {"parallel_augment": True, "parallel_augment_fixed_bs": True}
    assert run(TEN, **arguments) == ([11, 12, 103, 104, 105], ORDER)
    values, labels = run(TEN, torch.arange(5), **arguments)  # drawn for each item
    assert labels == ORDER
    assert all(value in (10 + item, 100 + item) for item, value in enumerate(values, 1))


def test_without_seeds_the_choice_is_of_the_whole_batch():
    outcomes = set()
    for seed in range(60):
        torch.manual_seed(seed)
        values, _ = run([Add(10), Add(100), Add(1000)], shuffle_augmentations=True, max_augmentations=2)
        assert len({value - item for item, value in enumerate(values)}) == 1
        outcomes.add(values[0])
    assert outcomes == {11, 101, 1001, 111, 1011, 1101}


def test_with_seeds_it_is_of_each_item():
    x = torch.zeros(300, 2)
    augmenter = Augmenter(
        augmentations=[Add(10), Add(100), Add(1000)], shuffle_augmentations=True, max_augmentations=2, augment_prob=0.5
    )
    seeds = torch.arange(300)
    y, _ = augmenter(x, torch.ones(300), seeds=seeds)
    assert set(y[:, 0].tolist()) == {0, 10, 100, 1000, 110, 1010, 1100}
    assert 110 < int((y == 0).all(1).sum()) < 190  # 5 deviations of sqrt(75)
    part, _ = augmenter(x[7:30], torch.ones(23), seeds=seeds[7:30])
    assert torch.equal(part, y[7:30])


def test_the_order_of_application_is_shuffled_too():
    double = nn.Module()
    double.forward = lambda x: 2 * x
    outcomes = {run([Add(10), double], shuffle_augmentations=True, min_augmentations=2)[0][0] for _ in range(40)}
    assert outcomes == {22.0, 12.0}


def test_real_augmentations_of_an_item_do_not_depend_on_its_batch():
    x = torch.randn(8, 3000)
    lengths = torch.linspace(0.3, 1.0, 8)
    augmenter = Augmenter(
        augmentations=[SpeedPerturb(8000), AddNoise(snr_high=15), DropFreq(), DropChunk(), RandAmp()],
        shuffle_augmentations=True,
    )
    seeds = torch.arange(8)
    y, new = augmenter(x, lengths, seeds=seeds)
    again, again_new = augmenter(x[3:5], lengths[3:5], seeds=seeds[3:5])
    for item in (0, 1):
        count = round(float(again_new[item]) * again.shape[1])
        assert count == round(float(new[3 + item]) * y.shape[1])
        torch.testing.assert_close(again[item, :count], y[3 + item, :count], atol=1e-5, rtol=1e-5)


def test_results_of_different_lengths_are_padded():
    augmenter = Augmenter(parallel_augment=True, concat_original=True, augmentations=[Halve()])
    y, lengths = augmenter(torch.ones(1, 8), torch.tensor([1.0]))
    assert y.tolist() == [[1.0] * 8, [1.0] * 4 + [0.0] * 4]
    assert lengths.tolist() == [1.0, 0.5]


def test_named_augmentations_are_applied():
    augmenter = Augmenter(augmentations=TEN)
    assert list(augmenter.augmentations) == ["Add0", "Add1"]
    y, lengths = augmenter.augment(X, LENGTHS, {"Add1": TEN[1]})
    assert y[:, 0].tolist() == TWO
    assert torch.equal(lengths, LENGTHS)


def test_labels_of_any_shape_are_replicated():
    augmenter = Augmenter(parallel_augment=True, augmentations=TEN, **BOTH)
    augmenter(X, LENGTHS)
    tokens, lengths = augmenter.replicate_multiple_labels(torch.arange(10).reshape(5, 2), LENGTHS)
    assert torch.equal(tokens, torch.arange(10).reshape(5, 2).repeat(2, 1))
    assert torch.equal(lengths, LENGTHS.repeat(2))
    with pytest.raises(ArgumentError, match="labels of 5 items were expected"):
        augmenter.replicate_labels(torch.arange(4))


def test_the_batch_is_not_handed_out_itself():
    y, _ = Augmenter(augment_prob=0.0, augmentations=TEN)(X.clone(), LENGTHS)
    assert y.data_ptr() != X.data_ptr()


def test_modules_move_with_it():
    augmenter = Augmenter(augmentations=[nn.Linear(3, 3), torch.neg])
    assert augmenter.double().augmentations["Linear0"].weight.dtype == torch.float64
    assert len(augmenter.state_dict()) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"enable_augmentations": [True]}, "got 1 for 2"),
        ({"min_augmentations": 2, "max_augmentations": 1}, "got 2 and 1"),
        ({"augment_prob": 2.0}, "augment_prob must be 0 to 1"),
        ({"repeat_augment": 0}, "repeat_augment"),
    ],
)
def test_unusable_arguments_are_refused(arguments, words):
    with pytest.raises(ArgumentError, match=words):
        Augmenter(augmentations=TEN, **arguments)


@pytest.mark.parametrize("arguments", [{"parallel_augment": True}, {"concat_original": True, "augment_prob": 0.5}])
def test_with_seeds_results_that_differ_in_number_are_refused(arguments):
    with pytest.raises(ArgumentError, match="as many results as the others"):
        Augmenter(augmentations=TEN, **arguments)(X, LENGTHS, seeds=torch.arange(5))


@pytest.mark.peers
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"concat_original": True},
        {"parallel_augment": True, "concat_original": True},
        {"parallel_augment": True, "concat_original": True, "repeat_augment": 2},
        {"augment_start_index": 1, "augment_end_index": 3, "concat_original": True, "concat_start_index": 2},
        {"augment_prob": 0.0, "concat_original": True},
        {"enable_augmentations": [False, True]},
    ],
)
def test_results_and_labels_are_speechbrains(arguments):
    peer = pytest.importorskip("speechbrain.augment.augmenter", reason="needs speechbrain", exc_type=ImportError)
    arguments = BOTH | arguments
    theirs, ours = (kind(augmentations=TEN, **arguments) for kind in (peer.Augmenter, Augmenter))
    expected, expected_lengths = theirs(X.clone(), LENGTHS)
    y, lengths = ours(X, LENGTHS)
    assert torch.equal(y, expected)
    torch.testing.assert_close(lengths, expected_lengths)
    assert torch.equal(ours.replicate_labels(LABELS), theirs.replicate_labels(LABELS))
