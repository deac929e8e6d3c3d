import pytest
import torch

from sonovox.dsp.rnnt import rnnt_loss
from sonovox.errors import ArgumentError
from sonovox.losses import transducer_loss


@pytest.fixture
def batch():
    torch.manual_seed(0)
    return torch.randn(2, 8, 5, 6), torch.randint(1, 6, (2, 4)), torch.tensor([1.0, 0.5]), torch.tensor([0.75, 1.0])


@pytest.mark.parametrize(
    ("reduction", "as_rnnt"),
    [("mean", "mean"), ("batchmean", "mean"), ("sum", "sum"), ("batch", "none"), ("none", "none")],
)
def test_shares_become_counts(batch, reduction, as_rnnt):
    logits, targets, _, _ = batch
    expected = rnnt_loss(logits, targets, torch.tensor([8, 4]), torch.tensor([3, 4]), blank=0, reduction=as_rnnt)
    assert torch.equal(transducer_loss(*batch, blank_index=0, reduction=reduction), expected)


def test_nothing_flows_from_the_padding(batch):
    logits = batch[0].requires_grad_()
    transducer_loss(*batch, blank_index=0).backward()
    assert logits.grad[1, 4:].abs().max() == 0
    assert logits.grad[0, :, 4].abs().max() == 0
    assert logits.grad[1, :4].abs().max() > 0


def test_what_cannot_be_meant_is_refused(batch):
    logits, targets, frames, labels = batch
    with pytest.raises(ArgumentError, match=r"got shapes \(2, 8, 6\) and \(2, 4\)"):
        transducer_loss(logits[:, :, 0], targets, frames, labels, blank_index=0)
    with pytest.raises(ArgumentError, match="input_lens must be shares"):
        transducer_loss(logits, targets, frames * 8, labels, blank_index=0)
    with pytest.raises(ArgumentError, match="must not hold the blank"):
        transducer_loss(logits, targets * 0, frames, labels, blank_index=0)
