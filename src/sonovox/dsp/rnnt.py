"""RNN-T loss: minus the log-probability of a transcript, summed over all its alignments.

Graves, "Sequence transduction with recurrent neural networks", 2012, section 2.4; the
lattice is summed in `dsp.rnnt_lattice`. The regularisation of emission is that of Yu et al., "FastEmit", ICASSP 2021.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_choice, check_floating
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.rnnt_lattice import sum_paths
from sonovox.dsp.transcripts import check_lengths, checked_transcripts

__all__ = ["RNNTLoss", "rnnt_loss"]

_CHUNK_NUMBERS = 1 << 16  # of a gradient that is worked on at once, so that it stays in the cache


def rnnt_loss(
    logits: Tensor,
    targets: Tensor,
    logit_lengths: Tensor,
    target_lengths: Tensor,
    blank: int = -1,
    clamp: float = -1,
    reduction: str = "mean",
    fused_log_softmax: bool = True,
    *,
    fastemit_lambda: float = 0.0,
) -> Tensor:
    """Minus the log-probability of each transcript under a transducer, in nats.

    The lattice is summed in float64 whatever the dtype of `logits`, and the gradient is
    its closed form, made together with the loss. There is no second derivative.

    Args:
        logits: `(..., time, labels + 1, classes)`, what the joiner gives for each frame and each
            number of labels that were already emitted; unnormalised, floating point.
        targets: `(..., labels)`, the transcripts, integers in `[0, classes)`, none of them `blank`.
            What lies beyond `target_lengths` is not looked at.
        logit_lengths: `(...)`, frames of each item, integers in `[1, time]`.
        target_lengths: `(...)`, labels of each item, integers in `[0, labels]`.
        blank: class of the blank; negative values count from the end.
        clamp: limit each element of the gradient of an item to `[-clamp, clamp]`; not if negative or 0.
        reduction: `"mean"` or `"sum"` over the items, or `"none"`.
        fused_log_softmax: with False, `logits` are log-probabilities already.
        fastemit_lambda: count the gradient of labels `1 + fastemit_lambda` times against that of
            blanks, which makes models emit sooner; the value of the loss does not change.

    Returns:
        A scalar, or `(...)` for reduction `"none"`, in the dtype of `logits`. Infinite, with a gradient
        of zero, where no alignment is possible.

    Raises:
        ArgumentError: shapes that do not fit, lengths beyond the tensors, blanks among the targets,
            an empty batch for the mean.

    >>> logits = torch.zeros(1, 2, 2, 3)  # two frames, one label: two alignments of three steps
    >>> rnnt_loss(logits, torch.tensor([[0]]), torch.tensor([2]), torch.tensor([1]))
    tensor(2.6027)
    >>> -torch.log(torch.tensor(2 / 3**3))
    tensor(2.6027)
    """
    check_choice("reduction", reduction, ["mean", "none", "sum"])
    blank = _check_shapes(logits, targets, logit_lengths, target_lengths, blank)
    leading = logits.shape[:-3]
    if reduction == "mean" and 0 in leading:
        raise ArgumentError("an empty batch has no mean", hint="skip it, or use reduction='sum'")
    count = math.prod(leading)
    items = (
        logits.reshape(count, *logits.shape[-3:]),
        targets.reshape(count, targets.shape[-1]),
        logit_lengths.reshape(count),
        target_lengths.reshape(count),
    )
    losses = _differentiable(*items, blank, float(clamp), fused_log_softmax, fastemit_lambda)
    if reduction == "mean":
        losses = losses.mean()
    elif reduction == "sum":
        losses = losses.sum()
    else:
        losses = losses.reshape(leading)
    return losses.to(logits.dtype)


class RNNTLoss(nn.Module):
    """Module twin of `rnnt_loss`; it keeps nothing.

    Args:
        blank: see `rnnt_loss`, as for all others.

    >>> loss = RNNTLoss(blank=0, reduction="sum")
    >>> loss(torch.zeros(1, 2, 2, 3), torch.tensor([[1]]), torch.tensor([2]), torch.tensor([1]))
    tensor(2.6027)
    """

    def __init__(
        self,
        blank: int = -1,
        clamp: float = -1,
        reduction: str = "mean",
        fused_log_softmax: bool = True,
        *,
        fastemit_lambda: float = 0.0,
    ) -> None:
        super().__init__()
        check_choice("reduction", reduction, ["mean", "none", "sum"])
        self.blank = blank
        self.clamp = clamp
        self.reduction = reduction
        self.fused_log_softmax = fused_log_softmax
        self.fastemit_lambda = fastemit_lambda

    def forward(self, logits: Tensor, targets: Tensor, logit_lengths: Tensor, target_lengths: Tensor) -> Tensor:
        return rnnt_loss(
            logits,
            targets,
            logit_lengths,
            target_lengths,
            self.blank,
            self.clamp,
            self.reduction,
            self.fused_log_softmax,
            fastemit_lambda=self.fastemit_lambda,
        )

    def extra_repr(self) -> str:
        return f"blank={self.blank}, clamp={self.clamp}, reduction={self.reduction}"


def _check_shapes(logits: Tensor, targets: Tensor, logit_lengths: Tensor, target_lengths: Tensor, blank: int) -> int:
    """Refuse what can be told from shapes and dtypes; the blank as a class that is not negative."""
    check_floating("logits", logits)
    if logits.dim() < 3:
        raise ArgumentError(f"logits must be (..., time, labels + 1, classes), got shape {tuple(logits.shape)}")
    leading, (_, nodes, classes) = logits.shape[:-3], logits.shape[-3:]
    for name, tensor, shape in (
        ("targets", targets, (*leading, nodes - 1)),
        ("logit_lengths", logit_lengths, leading),
        ("target_lengths", target_lengths, leading),
    ):
        if tensor.is_floating_point() or tensor.is_complex():
            raise ArgumentError(f"{name} must be integers, got {tensor.dtype}", hint="convert with .long()")
        if tensor.shape != shape:
            raise ArgumentError(
                f"{name} must have shape {tuple(shape)}, got {tuple(tensor.shape)}",
                hint=f"logits of shape {tuple(logits.shape)} are (..., time, labels + 1, classes)",
            )
    if not -classes <= blank < classes:
        raise ArgumentError(f"blank must be a class in [{-classes}, {classes}), got {blank}")
    return blank % classes


def _differentiable(
    logits: Tensor,
    targets: Tensor,
    logit_lengths: Tensor,
    target_lengths: Tensor,
    blank: int,
    clamp: float,
    fused: bool,
    fastemit: float,
) -> Tensor:
    wanted = (
        (torch.is_grad_enabled() and logits.requires_grad)
        or torch._C._are_functorch_transforms_active()
        or torch.autograd.forward_ad.unpack_dual(logits).tangent is not None
    )
    settings = (blank, clamp, fused, fastemit, wanted)
    losses, gradient = _losses(logits.detach(), targets, logit_lengths, target_lengths, *settings)
    if not wanted:
        return losses
    rule = _WithGradient if torch.compiler.is_compiling() else _WithForwardGradient
    return rule.apply(losses, gradient, logits)


# One operation for all devices, because compiled, exported and vmapped programs should not hold
# the loop over the diagonals, whose number changes with every batch.
@torch.library.custom_op("sonovox::rnnt_losses", mutates_args=())
def _losses(
    logits: Tensor,
    targets: Tensor,
    logit_lengths: Tensor,
    target_lengths: Tensor,
    blank: int,
    clamp: float,
    fused: bool,
    fastemit: float,
    with_gradient: bool,
) -> tuple[Tensor, Tensor]:
    """The loss of each of `(batch, time, labels + 1, classes)`, in float32 or float64, and its gradient."""
    classes = logits.shape[-1]
    logit_lengths, target_lengths = logit_lengths.long(), target_lengths.long()
    check_lengths("logit_lengths", logit_lengths, 1, logits.shape[1])
    targets = checked_transcripts(targets.long(), target_lengths, classes, blank)
    dtype = torch.float64 if logits.dtype == torch.float64 else torch.float32
    log_probs = logits.log_softmax(-1, dtype=dtype) if fused else logits.to(dtype)
    if logits.numel() == 0:
        return log_probs.new_zeros(len(logits)), torch.zeros_like(logits)

    places = targets[:, None, :, None].expand(-1, logits.shape[1], -1, 1)  # of the next label, at each node
    blank_scores = log_probs[..., blank].double()  # (batch, time, labels + 1)
    label_scores = log_probs[:, :, :-1].gather(-1, places).squeeze(-1).double()
    total, blank_share, label_share = sum_paths(
        blank_scores, label_scores, logit_lengths, target_lengths, with_gradient
    )
    if not with_gradient:
        return -total.to(dtype), logits.new_empty(0)

    # d(-log P) / d(log p) is minus the share of all paths that take this step.
    blank_share, label_share = blank_share.to(dtype), label_share.to(dtype) * (1.0 + fastemit)
    gradient = _through_softmax(log_probs, blank_share + label_share) if fused else torch.zeros_like(log_probs)
    gradient[..., blank] -= blank_share
    gradient[:, :, :-1].scatter_add_(-1, places, -label_share[:, :, :-1, None])
    if clamp > 0:
        gradient.clamp_(-clamp, clamp)
    return -total.to(dtype), gradient.to(logits.dtype)


def _through_softmax(log_probs: Tensor, weight: Tensor) -> Tensor:
    """`weight * softmax`, in the memory of `log_probs`."""
    rows = max(1, _CHUNK_NUMBERS // log_probs.shape[-1])
    flat = log_probs.view(-1, log_probs.shape[-1])
    for part, factor in zip(flat.split(rows), weight.reshape(-1, 1).split(rows), strict=True):
        part.exp_().mul_(factor)
    return log_probs


@_losses.register_fake
def _(logits, targets, logit_lengths, target_lengths, blank, clamp, fused, fastemit, with_gradient):  # type: ignore[no-untyped-def]
    dtype = torch.float64 if logits.dtype == torch.float64 else torch.float32
    gradient = torch.empty_like(logits, memory_format=torch.contiguous_format) if with_gradient else logits.new_empty(0)
    return logits.new_empty(logits.shape[0], dtype=dtype), gradient


@_losses.register_vmap
def _(info, in_dims, logits, targets, logit_lengths, target_lengths, *settings):  # type: ignore[no-untyped-def]
    size = info.batch_size
    tensors = [
        (tensor.unsqueeze(0).expand(size, *tensor.shape) if dim is None else tensor.movedim(dim, 0)).flatten(0, 1)
        for tensor, dim in zip((logits, targets, logit_lengths, target_lengths), in_dims, strict=False)
    ]
    losses, gradient = _losses(*tensors, *settings)
    with_gradient = settings[-1]
    split = gradient.unflatten(0, (size, -1)) if with_gradient else gradient
    return (losses.unflatten(0, (size, -1)), split), (0, 0 if with_gradient else None)


class _WithGradient(torch.autograd.Function):
    """`losses` as a function of `logits`, whose derivative is known."""

    generate_vmap_rule = True

    @staticmethod
    def forward(losses: Tensor, gradient: Tensor, logits: Tensor) -> Tensor:
        return losses.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        ctx.save_for_backward(*inputs[1:])
        ctx.save_for_forward(inputs[1])

    @staticmethod
    def backward(ctx: Any, weight: Tensor) -> tuple[None, None, Tensor]:
        return None, None, _FirstDerivative.apply(weight, *ctx.saved_tensors)


class _WithForwardGradient(_WithGradient):
    """The same with a forward derivative, which compiled programs cannot hold."""

    @staticmethod
    def jvp(ctx: Any, losses: None, gradient: None, along: Tensor) -> Tensor:
        (slopes,) = ctx.saved_tensors
        return (slopes * along).sum((-3, -2, -1), dtype=torch.promote_types(slopes.dtype, torch.float32))


class _FirstDerivative(torch.autograd.Function):
    """`gradient` times the `weight` of each item; it takes `logits` only to refuse to be derived by them."""

    generate_vmap_rule = True

    @staticmethod
    def forward(weight: Tensor, gradient: Tensor, logits: Tensor) -> Tensor:
        return gradient * weight.to(gradient.dtype)[:, None, None, None]

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """Nothing is kept."""

    @staticmethod
    def backward(ctx: Any, weight: Tensor) -> tuple[None, None, None]:
        raise ArgumentError("rnnt_loss has no second derivative", hint="leave it out of gradients of gradients")
