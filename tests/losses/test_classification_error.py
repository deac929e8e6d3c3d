import pytest
import torch

from sonovox.losses import classification_error


@pytest.mark.parametrize("reduction", ["mean", "batchmean", "batch"])
def test_each_reduction_is_that_of_speechbrain(speechbrain_losses, close_to_speechbrain, reduction):
    x, _ = speechbrain_losses
    loss = classification_error(x["log_probs"], x["targets"], x["lengths"], reduction=reduction)
    close_to_speechbrain(loss, f"classerr_{reduction}")


def test_items_have_one_class_each():
    probabilities = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    assert classification_error(probabilities, torch.tensor([0, 1, 1])).item() == pytest.approx(1 / 3)
