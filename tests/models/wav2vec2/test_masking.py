import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.models.wav2vec2.masking import SpanMasking, span_mask


def runs(row):
    """Lengths of the runs of true in a row."""
    edges = torch.diff(torch.nn.functional.pad(row.int(), (1, 1)))
    return (edges == -1).nonzero().flatten() - (edges == 1).nonzero().flatten()


def test_spans_have_their_length_and_stay_in_their_items():
    generator = torch.Generator().manual_seed(0)
    counts = torch.tensor([50, 23, 4, 3, 0])
    for _ in range(20):
        mask = span_mask(counts, 50, 0.2, 4, min_masks=1, generator=generator)
        for row, count in zip(mask, counts, strict=True):
            assert not row[count:].any()
            assert (runs(row) >= 4).all()
            assert row.any() == (count >= 4), "one span each, where there is room for one"


def test_the_share_of_frames_is_as_asked():
    mask = span_mask(torch.full((400,), 200), 200, 0.1, 1, generator=torch.Generator().manual_seed(1))
    assert mask.sum(1).min() == mask.sum(1).max() == 20
    overlapping = span_mask(torch.full((400,), 200), 200, 0.5, 10, generator=torch.Generator().manual_seed(1))
    # Each frame stays free if none of 10 starts has one of 191 places: about 0.6.
    assert abs(overlapping.float().mean() - 0.41) < 0.02


def test_masks_follow_the_generator():
    def drawn():
        return span_mask(torch.full((3,), 40), 40, 0.3, 5, generator=torch.Generator().manual_seed(7))

    assert torch.equal(drawn(), drawn())


def test_wrong_arguments_are_refused():
    for prob, length in ((1.2, 5), (0.5, 0)):
        with pytest.raises(ArgumentError, match="prob must be in"):
            span_mask(torch.tensor([9]), 9, prob, length)


def test_frames_become_the_embedding_and_channels_zero_in_training_only():
    masking = SpanMasking(6, 0.3, 3, feature_prob=0.4, feature_length=2)
    masking.generator = torch.Generator().manual_seed(0)
    x = torch.randn(4, 40, 6)
    masked = masking(x, torch.tensor([40, 40, 20, 9]))
    changed = (masked != x).all(-1)
    channels = (masked == 0).all(1)
    assert channels.any(1).all()
    kept = ~channels[0]
    assert torch.equal(masked[0, changed[0]][:, kept], masking.embedding[kept].expand(changed[0].sum(), -1))
    assert torch.equal(masking.eval()(x), x)
    masking.train().enabled = False
    assert torch.equal(masking(x), x)


def test_the_embedding_learns_and_the_graph_is_whole():
    masking, x = SpanMasking(6, 0.5, 2), torch.randn(2, 20, 6)
    torch.compile(masking, fullgraph=True, backend="eager")(x).sum().backward()
    assert masking.embedding.grad.abs().sum() > 0
