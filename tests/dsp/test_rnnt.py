import itertools
import json
import math

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from sonovox.dsp.rnnt import RNNTLoss, rnnt_loss


def batch(time=5, labels=3, classes=4, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, time, labels + 1, classes, dtype=dtype, generator=generator)
    targets = torch.randint(0, classes - 1, (3, labels), generator=generator)
    return logits, targets, torch.tensor([time, time - 2, time - 1]), torch.tensor([labels - 1, labels, 0])


def by_enumeration(logits, target, blank):
    """Minus the log of the summed probabilities of all alignments of one item, each written out."""
    log_probs = logits.log_softmax(-1)
    time, labels = len(logits), len(target)
    paths = []
    for places in itertools.combinations(range(time - 1 + labels), labels):
        t = u = 0
        path = torch.zeros((), dtype=logits.dtype)
        for step in range(time - 1 + labels):
            if step in places:
                path, u = path + log_probs[t, u, target[u]], u + 1
            else:
                path, t = path + log_probs[t, u, blank], t + 1
        paths.append(path + log_probs[t, u, blank])
    return -torch.stack(paths).logsumexp(0)


def gradient_of(logits, *rest, **options):
    leaf = logits.clone().requires_grad_()
    rnnt_loss(leaf, *rest, reduction="sum", **options).backward()
    return leaf.grad


@pytest.mark.parametrize("blank", [-1, 0, 2])
def test_is_the_sum_over_all_alignments_with_its_gradient(blank):
    logits, targets, frames, labels = batch()
    targets = targets + (targets >= blank % 4) if blank >= 0 else targets
    leaf = logits.clone().requires_grad_()
    expected = torch.stack(
        [by_enumeration(leaf[i, : frames[i], : labels[i] + 1], targets[i, : labels[i]], blank) for i in range(3)]
    )
    expected.sum().backward()
    # float64 on both sides: rounding of some hundred additions.
    torch.testing.assert_close(
        rnnt_loss(logits, targets, frames, labels, blank, reduction="none"), expected.detach(), rtol=1e-12, atol=1e-12
    )
    torch.testing.assert_close(
        gradient_of(logits, targets, frames, labels, blank=blank), leaf.grad, rtol=1e-10, atol=1e-12
    )


@pytest.mark.parametrize("kind", ["decoding", "functional"])
def test_equals_torchaudio_with_its_gradient(torchaudio_reference, kind):
    folder = torchaudio_reference / kind
    arrays = np.load(folder / "rnnt_loss.npz")
    for call in json.loads((folder / "rnnt_loss.json").read_text())["calls"]:
        inputs = {key: torch.from_numpy(arrays[f"{call['id']}.in.{key}"]) for key in call["tensors"]}
        is_half = "half" in call.get("note", "")
        inputs["logits"] = (inputs["logits"].half() if is_half else inputs["logits"]).requires_grad_()
        loss = rnnt_loss(**inputs, **call["kwargs"])
        (loss * torch.cos(0.37 * torch.arange(loss.numel()).view(loss.shape) + 0.1)).sum().backward()
        expected = torch.from_numpy(arrays[f"{call['id']}.out32.0"])
        # torchaudio sums in float32, and for half precision in float16: two of its steps near 6.
        torch.testing.assert_close(loss.detach(), expected, rtol=1e-6, atol=8e-3 if is_half else 2e-6)
        slope = torch.from_numpy(arrays[f"{call['id']}.grad.logits"])
        torch.testing.assert_close(inputs["logits"].grad.float(), slope.float(), rtol=1e-5, atol=2e-6)


def test_equals_torchaudio_s_transform(torchaudio_reference):
    folder = torchaudio_reference / "transforms"
    arrays = np.load(folder / "RNNTLoss.npz")
    for call in json.loads((folder / "RNNTLoss.json").read_text())["calls"]:
        inputs = [torch.from_numpy(arrays[f"{call['id']}.in.{key}"]) for key in call["tensors"]]
        loss = RNNTLoss(**call["constructor"])(*inputs)
        torch.testing.assert_close(loss, torch.from_numpy(arrays[f"{call['id']}.out32.0"]), rtol=1e-6, atol=1e-6)


@pytest.mark.filterwarnings("ignore:.torch.jit.*deprecated:DeprecationWarning")  # torch's own, at first use
def test_gradient_backward_and_forward():
    logits, *rest = batch()
    function = lambda x: rnnt_loss(x, *rest, reduction="none")  # noqa: E731
    assert gradcheck(function, logits.requires_grad_(), check_forward_ad=True)


def test_gradient_of_log_probabilities_is_of_the_steps_alone():
    logits, *rest = batch()
    log_probs = logits.log_softmax(-1)
    slope = gradient_of(log_probs, *rest, fused_log_softmax=False)
    assert gradcheck(lambda x: rnnt_loss(x, *rest, fused_log_softmax=False), log_probs.clone().requires_grad_())
    # Every path has as many steps as frames and labels.
    torch.testing.assert_close(-slope.sum((1, 2, 3)), (rest[1] + rest[2]).double())


def test_clamp_limits_each_element():
    logits, *rest = batch()
    free = gradient_of(logits, *rest)
    torch.testing.assert_close(gradient_of(logits, *rest, clamp=0.1), free.clamp(-0.1, 0.1))
    assert free.abs().max() > 0.1


def test_fastemit_scales_the_share_of_labels_and_keeps_the_value():
    logits, targets, frames, labels = batch()
    log_probs = logits.log_softmax(-1)
    plain = gradient_of(log_probs, targets, frames, labels, fused_log_softmax=False)
    hurried = gradient_of(log_probs, targets, frames, labels, fused_log_softmax=False, fastemit_lambda=0.5)
    torch.testing.assert_close(hurried[..., -1], plain[..., -1])
    torch.testing.assert_close(hurried[..., :-1], 1.5 * plain[..., :-1])
    loss = rnnt_loss(logits, targets, frames, labels)
    torch.testing.assert_close(rnnt_loss(logits, targets, frames, labels, fastemit_lambda=0.5), loss)
    # Through the softmax, the gradient at each node still sums to zero.
    torch.testing.assert_close(
        gradient_of(logits, targets, frames, labels, fastemit_lambda=0.5).sum(-1),
        torch.zeros(logits.shape[:-1], dtype=torch.float64),
    )


def test_what_lies_beyond_the_lengths_is_not_looked_at():
    logits, targets, frames, labels = batch()
    losses, slope = rnnt_loss(logits, targets, frames, labels, reduction="none"), gradient_of(logits, *batch()[1:])
    for i in range(3):
        logits[i, frames[i] :], logits[i, :, labels[i] + 1 :], targets[i, labels[i] :] = torch.nan, torch.nan, -7
    torch.testing.assert_close(rnnt_loss(logits, targets, frames, labels, reduction="none"), losses)
    inside = ~logits.isnan()
    torch.testing.assert_close(gradient_of(logits, targets, frames, labels)[inside], slope[inside])


def test_leading_dimensions_are_a_loop_over_items():
    logits, targets, frames, labels = batch()
    losses = rnnt_loss(logits, targets, frames, labels, reduction="none")
    single = [rnnt_loss(logits[i], targets[i], frames[i], labels[i]) for i in range(3)]
    torch.testing.assert_close(torch.stack(single), losses)
    nested = [x.unsqueeze(0) for x in (logits, targets, frames, labels)]
    torch.testing.assert_close(rnnt_loss(*nested, reduction="none"), losses[None])
    torch.testing.assert_close(rnnt_loss(logits, targets, frames, labels), losses.mean())


def test_a_long_lattice_in_float32_is_as_exact_as_in_float64():
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(1, 300, 81, 5, generator=generator)
    rest = (torch.randint(0, 4, (1, 80), generator=generator), torch.tensor([300]), torch.tensor([80]))
    # Alphas near -500 would lose five digits if they were float32; the inputs' own rounding remains.
    torch.testing.assert_close(rnnt_loss(logits, *rest).double(), rnnt_loss(logits.double(), *rest), rtol=2e-7, atol=0)
    torch.testing.assert_close(
        gradient_of(logits, *rest).double(), gradient_of(logits.double(), *rest), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype):
    logits, *rest = batch(dtype=torch.float32)
    halves = logits.to(dtype)
    assert rnnt_loss(halves, *rest).dtype == dtype
    torch.testing.assert_close(rnnt_loss(halves, *rest), rnnt_loss(halves.float(), *rest).to(dtype))
    torch.testing.assert_close(gradient_of(halves, *rest), gradient_of(halves.float(), *rest).to(dtype))


def test_an_impossible_transcript_is_infinite_without_gradient():
    logits, *rest = batch()
    logits[0, ..., -1] = -math.inf  # no blank leads to the end
    leaf = logits.requires_grad_()
    losses = rnnt_loss(leaf, *rest, reduction="none")
    losses.sum().backward()
    assert losses[0] == math.inf
    assert losses[1:].isfinite().all()
    assert not leaf.grad[0].any()
    assert leaf.grad[1:].any()


def test_nothing_in_the_batch_sums_to_zero_and_has_no_mean():
    nothing = [x[:0] for x in batch()]
    assert rnnt_loss(*nothing, reduction="sum") == 0.0
    assert rnnt_loss(*nothing, reduction="none").shape == (0,)
    with pytest.raises(ValueError, match="an empty batch has no mean; skip it"):
        rnnt_loss(*nothing)


def test_a_second_derivative_is_refused():
    logits, *rest = batch()
    leaf = logits.requires_grad_()
    (slope,) = torch.autograd.grad(rnnt_loss(leaf, *rest), leaf, create_graph=True)
    with pytest.raises(ValueError, match="rnnt_loss has no second derivative"):
        slope.square().sum().backward()


@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")  # Dynamo does it
def test_compiles_with_its_gradient():
    logits, *rest = batch()
    torch.compiler.reset()
    leaf = logits.clone().requires_grad_()
    compiled = torch.compile(rnnt_loss, backend="aot_eager", fullgraph=True)
    compiled(leaf, *rest, reduction="sum").backward()
    torch.testing.assert_close(leaf.grad, gradient_of(logits, *rest))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"targets": lambda x: x.masked_fill(x >= 0, 3)}, "targets must not hold the blank 3, got it in item 0 at"),
        ({"targets": lambda x: x.masked_fill(x >= 0, 4)}, r"targets must be classes from 0 to 3, got \[0, 4\]"),
        ({"targets": lambda x: x[:, :2]}, r"targets must have shape \(3, 3\), got \(3, 2\); logits of shape"),
        ({"targets": lambda x: x.float()}, r"targets must be integers, got torch.float32; convert with .long\(\)"),
        ({"logit_lengths": lambda x: x + 1}, r"logit_lengths must be from 1 to 5, got \[6, 4, 5\]"),
        ({"logit_lengths": lambda x: x * 0}, r"logit_lengths must be from 1 to 5, got \[0, 0, 0\]"),
        ({"target_lengths": lambda x: x + 1}, r"target_lengths must be from 0 to 3, got \[3, 4, 1\]"),
        ({"target_lengths": lambda x: x[:2]}, r"target_lengths must have shape \(3,\), got \(2,\)"),
        ({"logits": lambda x: x.long()}, "logits must be floating point, got int64"),
        ({"logits": lambda x: x[0, 0]}, r"logits must be \(..., time, labels \+ 1, classes\), got shape \(4, 4\)"),
        ({"blank": lambda x: 4}, r"blank must be a class in \[-4, 4\), got 4"),
        ({"reduction": lambda x: "means"}, "reduction must be one of mean, none, sum, got 'means'; did you mean mean?"),
    ],
)
def test_bad_input_is_refused_with_the_remedy(change, message):
    names = ("logits", "targets", "logit_lengths", "target_lengths")
    arguments = dict(zip(names, batch(), strict=True), blank=-1, reduction="mean")
    for name, edit in change.items():
        arguments[name] = edit(arguments[name])
    with pytest.raises(ValueError, match=message):
        rnnt_loss(**arguments)
