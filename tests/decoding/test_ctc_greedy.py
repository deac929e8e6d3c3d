import numpy as np
import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.decoding import ctc_greedy_decode, filter_ctc_output


def test_as_speechbrain_decodes(speechbrain_reference):
    folder = speechbrain_reference / "asr-wav2vec2-ctc"
    with np.load(folder / "inputs.npz") as inputs, np.load(folder / "outputs.npz") as outputs:
        found = ctc_greedy_decode(torch.tensor(outputs["log_probs"]), torch.tensor(inputs["wav_lens"]), blank_id=0)
        assert found == [[int(token) for token in row if token >= 0] for row in outputs["tokens"]]


def test_a_batch_is_a_loop_over_items_by_the_rule_of_ctc():
    generator = torch.Generator().manual_seed(0)
    probabilities = torch.rand(20, 57, 4, generator=generator)
    frames = torch.randint(0, 58, (20,), generator=generator)
    best = probabilities.argmax(-1).tolist()
    expected = [filter_ctc_output(item[:n], blank_id=3) for item, n in zip(best, frames.tolist(), strict=True)]
    assert ctc_greedy_decode(probabilities, frames / 57) == expected


def test_repetitions_are_one_label_unless_a_blank_is_between():
    assert filter_ctc_output([0, 1, 1, 0, 1, 2, 2], blank_id=0) == [1, 1, 2]
    assert filter_ctc_output("hh-e-l-ll-oo", blank_id="-") == list("hello")
    assert filter_ctc_output([]) == []


@pytest.mark.parametrize("blank_id", [4, -1])
def test_the_blank_counts_from_either_end(blank_id):
    probabilities = torch.eye(5)[None, [4, 0, 4, 0, 3]]
    assert ctc_greedy_decode(probabilities, torch.ones(1), blank_id) == [[0, 0, 3]]


def test_an_item_without_frames_or_without_labels_is_an_empty_list():
    probabilities = torch.eye(3)[[0, 0]].expand(2, 2, 3)
    assert ctc_greedy_decode(probabilities, torch.tensor([0.0, 1.0]), blank_id=0) == [[], []]
    assert ctc_greedy_decode(torch.zeros(1, 0, 3), torch.ones(1)) == [[]]


def test_padding_says_nothing():
    probabilities = torch.eye(3)[[1, 0, 2, 2]].expand(2, 4, 3)
    assert ctc_greedy_decode(probabilities, torch.tensor([0.5, 1.0]), blank_id=0) == [[1], [1, 2]]


@pytest.mark.parametrize(
    ("shape", "lengths", "blank_id", "complaint"),
    [
        ((4, 3), 4, 0, r"probabilities must be \(batch, frames, labels\)"),
        ((2, 4, 3), 3, 0, r"got \(2, 4, 3\) and \(3,\)"),
        ((2, 4, 3), 2, 3, "blank_id must be one of 3 labels, got 3"),
        ((2, 4, 3), 2, -4, "blank_id must be one of 3 labels, got -4"),
    ],
)
def test_what_does_not_belong_together_is_refused(shape, lengths, blank_id, complaint):
    with pytest.raises(ArgumentError, match=complaint):
        ctc_greedy_decode(torch.zeros(shape), torch.ones(lengths), blank_id)
