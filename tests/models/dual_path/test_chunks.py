import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.models.dual_path.chunks import cut_into_chunks, overlap_add_chunks


@pytest.mark.parametrize("time", [1, 3, 5, 7, 10, 15, 20, 99])
def test_the_sum_of_chunks_is_twice_what_was_cut(time):
    x = torch.randn(2, 3, time, dtype=torch.float64)
    torch.testing.assert_close(overlap_add_chunks(cut_into_chunks(x, 10), time), 2 * x)


# What SpeechBrain cuts 10-step chunks of.
@pytest.mark.parametrize(("time", "chunks"), [(3, 2), (5, 4), (7, 4), (10, 4), (15, 6), (20, 6)])
def test_the_number_of_chunks_is_that_of_speechbrain(time, chunks):
    assert cut_into_chunks(torch.zeros(1, 1, time), 10).shape == (1, 1, 10, chunks)


def test_each_chunk_begins_in_the_middle_of_the_one_before():
    chunks = cut_into_chunks(torch.arange(1.0, 24.0).view(1, 1, -1), 8)[0, 0]
    torch.testing.assert_close(chunks[4:, :-1], chunks[:4, 1:])
    assert chunks[:, 0].tolist() == [0, 0, 0, 0, 1, 2, 3, 4]


@pytest.mark.parametrize("size", [0, 5])
def test_chunks_have_a_middle(size):
    with pytest.raises(ArgumentError, match="must be even and positive"):
        cut_into_chunks(torch.zeros(1, 1, 20), size)
