import pytest
import torch

from sonovox.errors import ArgumentError
from sonovox.losses import ce_kd, ctc_loss, ctc_loss_kd, nll_loss, nll_loss_kd


def test_steps_are_those_of_speechbrain(speechbrain_losses, close_to_speechbrain):
    x, _ = speechbrain_losses
    # The reference was made by nll_loss_kd(softmax(logits), log_probs, lengths), and called ctc_kd.
    close_to_speechbrain(nll_loss_kd(x["logits"].softmax(-1), x["log_probs"], x["lengths"]), "ctc_kd")


def test_a_sure_teacher_is_a_transcript():
    torch.manual_seed(0)
    path = torch.tensor([[1, 1, 0, 1, 2, 2], [0, 3, 3, 3, 2, 2]])
    teacher = torch.nn.functional.one_hot(path, 4).float()
    log_probs = torch.randn(2, 6, 4).log_softmax(-1)
    input_lens = torch.tensor([1.0, 4 / 6])  # the second one ends before the 2
    transcripts, counts = torch.tensor([[1, 1, 2], [3, 0, 0]]), torch.tensor([1.0, 1 / 3])
    expected = ctc_loss(log_probs, transcripts, input_lens, counts, blank_index=0)
    torch.testing.assert_close(ctc_loss_kd(log_probs, teacher, input_lens, blank_index=0, device="cpu"), expected)


def test_a_teacher_that_hears_nothing_teaches_blanks():
    teacher = torch.zeros(1, 3, 4)
    teacher[..., 3] = 1.0
    log_probs = torch.randn(1, 3, 4).log_softmax(-1)
    loss = ctc_loss_kd(log_probs, teacher, torch.ones(1), blank_index=-1)
    torch.testing.assert_close(loss, -log_probs[0, :, 3].sum())


def test_a_sure_teacher_of_steps_is_a_target():
    log_probs, targets = torch.randn(2, 6, 4).log_softmax(-1), torch.randint(0, 4, (2, 6))
    lengths = torch.tensor([1.0, 0.5])
    ours = nll_loss_kd(log_probs, torch.nn.functional.one_hot(targets, 4).float(), lengths)
    torch.testing.assert_close(ours, nll_loss(log_probs, targets, lengths))


def test_cross_entropy_is_least_for_the_teachers_own_probabilities():
    teacher = torch.tensor([[0.2, 0.5, 0.3]])
    assert ce_kd(teacher.log(), teacher) < ce_kd(torch.tensor([[0.3, 0.4, 0.3]]).log(), teacher)


def test_what_cannot_be_meant_is_refused():
    with pytest.raises(ArgumentError, match=r"one shape \(batch, time, classes\), got \(2, 6, 4\) and \(2, 5, 4\)"):
        nll_loss_kd(torch.zeros(2, 6, 4), torch.zeros(2, 5, 4), torch.ones(2))
    with pytest.raises(ArgumentError, match="input_lens must be shares"):
        ctc_loss_kd(torch.zeros(2, 6, 4), torch.zeros(2, 6, 4), torch.tensor([6, 5]), 0)
