"""Normalisation of features by statistics of the sentence, the batch, the speaker or everything seen in training.

Statistics are merged by the parallel formula of Chan, Golub and LeVeque, "Updating
formulae and a pairwise algorithm for computing sample variances", 1979.
"""

from collections.abc import Mapping, MutableMapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox._internal.processes import is_distributed
from sonovox.dsp.eager import can_reuse_buffers, full_precision
from sonovox.dsp.lengths import length_to_mask, lengths_to_counts

__all__ = ["InputNormalization"]

KINDS = ("sentence", "batch", "global", "speaker")


class _Statistics(NamedTuple):
    steps: Tensor  # seen
    mean: Tensor
    std: Tensor


class InputNormalization(nn.Module):
    """Features minus their mean, divided by their deviation (biased, over the steps that are no padding).

    Args:
        mean_norm: subtract the mean.
        std_norm: divide by the deviation.
        norm_type: whose statistics: `"sentence"`: of each item; `"batch"`: of all items at hand; `"global"`: of
            everything seen in training; `"speaker"`: of everything seen of the speaker in training, and of the item
            for speakers that were not.
        avg_factor: weight of a batch in running statistics; by the number of steps if None.
        length_dim: the dimension of time.
        update_until_epoch: running statistics change in epochs below this one, and stay from then on.
        avoid_padding_norm: leave padding as it came; it is normalised like the rest otherwise.
        epsilon: the smallest deviation.
        device: of the statistics.

    Padding must be finite. Running statistics are the buffers `count`, `glob_mean` and `glob_std` (`spk_...` for
    speakers). The file that SpeechBrain writes for a normaliser, a dict of these names, loads as a state dict.

    Raises:
        ChoiceError: an unknown `norm_type`.

    >>> norm = InputNormalization(norm_type="sentence")
    >>> norm(torch.tensor([[[1.0], [3.0], [9.0]]]), lengths=torch.tensor([2 / 3]))[0, :, 0]
    tensor([-1.,  1.,  7.])
    """

    count: Tensor
    glob_mean: Tensor
    glob_std: Tensor
    spk_ids: Tensor
    spk_count: Tensor
    spk_mean: Tensor
    spk_std: Tensor

    def __init__(
        self,
        mean_norm: bool = True,
        std_norm: bool = True,
        norm_type: str = "global",
        avg_factor: float | None = None,
        length_dim: int = 1,
        update_until_epoch: int = 2,
        avoid_padding_norm: bool = False,
        epsilon: float = 1e-10,
        device: torch.device | str = "cpu",
    ) -> None:
        super().__init__()
        check_choice("norm_type", norm_type, KINDS)
        self.mean_norm = mean_norm
        self.std_norm = std_norm
        self.norm_type = norm_type
        self.avg_factor = avg_factor
        self.length_dim = length_dim
        self.update_until_epoch = update_until_epoch
        self.avoid_padding_norm = avoid_padding_norm
        self.epsilon = epsilon
        self.register_buffer("count", torch.zeros((), dtype=torch.int64, device=device))
        self.register_buffer("glob_mean", torch.empty(0, device=device))
        self.register_buffer("glob_std", torch.empty(0, device=device))
        if norm_type == "speaker":
            self.register_buffer("spk_ids", torch.empty(0, dtype=torch.int64, device=device))
            for name in ("spk_count", "spk_mean", "spk_std"):
                self.register_buffer(name, torch.empty(0, device=device))
        self.register_load_state_dict_pre_hook(_accept_foreign_statistics)

    def forward(
        self, x: Tensor, lengths: Tensor | None = None, epoch: int | None = None, spk_ids: Tensor | None = None
    ) -> Tensor:
        """The shape of `x`.

        Args:
            x: `(batch, time, features)`, or with time at `length_dim`.
            lengths: shares of the longest item, `(batch,)`; all items are full if None.
            epoch: of the training; running statistics change in every one if None.
            spk_ids: integers that name the speakers, `(batch,)`, for `norm_type="speaker"`.

        Raises:
            ArgumentError: running statistics are needed and there are none, or `spk_ids` are missing.
        """
        mask = None if lengths is None else self._mask(x, lengths)
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        if self.norm_type == "sentence":
            statistics = self._statistics(wide, mask, of_batch=False)
        elif self.norm_type == "batch":
            statistics = self._statistics(wide, mask, of_batch=True)
        elif self.norm_type == "global":
            statistics = self._global_statistics(wide, mask, epoch)
        else:
            statistics = self._speaker_statistics(wide, mask, epoch, spk_ids)
        y = wide - statistics.mean if self.mean_norm else wide
        if self.std_norm:
            own = y is not wide and can_reuse_buffers(y, statistics.std)
            y = y.div_(statistics.std) if own else y / statistics.std
        if self.avoid_padding_norm and mask is not None:
            y = torch.where(mask.view(self._along_time(x)), y, wide)
        return y.to(x.dtype)

    def extra_repr(self) -> str:
        return f"norm_type={self.norm_type!r}, mean_norm={self.mean_norm}, std_norm={self.std_norm}"

    def _along_time(self, x: Tensor) -> list[int]:
        """A shape that lays `(batch, time)` along `x`."""
        place = self.length_dim % x.dim()
        return [size if axis in (0, place) else 1 for axis, size in enumerate(x.shape)]

    def _mask(self, x: Tensor, lengths: Tensor) -> Tensor:
        time = x.shape[self.length_dim]
        counts = lengths_to_counts(lengths.to(x.device), time, rounding="up")
        return length_to_mask(counts, time, dtype=torch.bool)

    def _statistics(self, x: Tensor, mask: Tensor | None, *, of_batch: bool) -> _Statistics:
        """Of each item, or of the batch; of the dimensions of `x`, with 1 for time (and batch)."""
        dims = (0, self.length_dim) if of_batch else (self.length_dim,)
        if mask is None:
            variance, mean = torch.var_mean(x, dim=dims, keepdim=True, correction=0)
            steps = x.new_full(mean.shape, x.shape[self.length_dim] * (x.shape[0] if of_batch else 1))
            return _Statistics(steps[(slice(None), *[slice(1)] * (x.dim() - 1))], mean, self._deviation(variance))
        rows = x.movedim(self.length_dim, 1).reshape(*mask.shape, -1)  # (batch, time, features)
        seen = mask.to(x.dtype).unsqueeze(1)  # (batch, 1, time)
        steps = seen.sum(dim=2, keepdim=True)
        steps = steps.sum(dim=0, keepdim=True) if of_batch else steps

        def mean_of(values: Tensor) -> Tensor:  # a product with the mask needs no copy of the values
            total = torch.bmm(seen, values)
            return (total.sum(dim=0, keepdim=True) if of_batch else total) / steps.clamp(min=1)

        with full_precision(x):
            mean = mean_of(rows)
            deviation = self._deviation(mean_of((rows - mean).square()))
        ones = [1] * (x.dim() - 1)
        like_x = [1 if axis in {place % x.dim() for place in dims} else size for axis, size in enumerate(x.shape)]
        return _Statistics(steps.view(-1, *ones), mean.view(like_x), deviation.view(like_x))

    def _deviation(self, variance: Tensor) -> Tensor:
        # Limited before the root, of which the derivative at zero is infinite.
        return variance.clamp(min=max(self.epsilon**2, torch.finfo(variance.dtype).tiny)).sqrt()

    def _is_learning(self, epoch: int | None) -> bool:
        return self.training and (epoch is None or epoch < self.update_until_epoch)

    def _global_statistics(self, x: Tensor, mask: Tensor | None, epoch: int | None) -> _Statistics:
        if self._is_learning(epoch):
            with torch.no_grad():
                current = _of_all_processes(self._statistics(x, mask, of_batch=True), self._deviation)
                seen = _Statistics(*(part.squeeze(self.length_dim).squeeze(0) for part in current))
                seen = seen._replace(steps=seen.steps.reshape(()).round().to(torch.int64))
                if self.glob_mean.numel():
                    seen = self._merge(_Statistics(self.count, self.glob_mean, self.glob_std), seen)
                self.count = seen.steps
                self.glob_mean, self.glob_std = seen.mean, seen.std
        if self.glob_mean.numel() == 0:
            raise ArgumentError(
                "global statistics must be there for evaluation, got none",
                hint="train first, load them, or use norm_type='sentence'",
            )
        shape = [1] * x.dim()
        for place in set(range(1, x.dim())) - {self.length_dim % x.dim()}:
            shape[place] = x.shape[place]
        widened = (part.expand(self.glob_mean.shape).reshape(shape) for part in (self.glob_mean, self.glob_std))
        return _Statistics(self.count, *widened)

    def _merge(self, old: _Statistics, new: _Statistics) -> _Statistics:
        total = old.steps + new.steps.reshape(old.steps.shape)
        if self.avg_factor is None:
            share = new.steps.reshape(old.steps.shape) / total.clamp(min=1)
        else:
            share = torch.full_like(old.mean[..., :1], self.avg_factor)
        step = new.mean - old.mean
        variance = (1 - share) * old.std.square() + share * new.std.square() + share * (1 - share) * step.square()
        return _Statistics(total, old.mean + share * step, self._deviation(variance))

    def _speaker_statistics(
        self, x: Tensor, mask: Tensor | None, epoch: int | None, spk_ids: Tensor | None
    ) -> _Statistics:
        if spk_ids is None:
            raise ArgumentError("spk_ids must be given for norm_type='speaker', got None", hint="one integer an item")
        items = self._statistics(x, mask, of_batch=False)
        spk_ids = spk_ids.to(x.device)
        if self._is_learning(epoch):
            with torch.no_grad():
                self._learn_speakers(_Statistics(*(part.flatten(1) for part in items)), spk_ids)
        if self.spk_ids.numel() == 0:
            return items
        same = spk_ids[:, None] == self.spk_ids
        known, place = same.any(dim=1), same.int().argmax(dim=1)
        shape = items.mean.shape
        known = known.view(-1, *[1] * (x.dim() - 1))
        mean, std = self.spk_mean[place].view(shape), self.spk_std[place].view(shape)
        return _Statistics(items.steps, torch.where(known, mean, items.mean), torch.where(known, std, items.std))

    def _learn_speakers(self, items: _Statistics, spk_ids: Tensor) -> None:
        speakers, owner = torch.unique(spk_ids, return_inverse=True)
        belongs = (owner == torch.arange(len(speakers), device=owner.device)[:, None]).to(items.mean.dtype)
        count = belongs @ items.steps.to(items.mean.dtype)  # (speakers, 1)
        mean = belongs @ (items.steps * items.mean) / count
        # E[x^2] of each speaker around its own mean: the items' variances and what their means miss it by
        spread = items.std.square() + (items.mean - mean[owner]).square()
        seen = _Statistics(count, mean, self._deviation(belongs @ (items.steps * spread) / count))
        if self.spk_ids.numel() == 0:
            self.spk_ids, (self.spk_count, self.spk_mean, self.spk_std) = speakers, seen
            return
        same = speakers[:, None] == self.spk_ids
        fresh, place = ~same.any(dim=1), same.int().argmax(dim=1)[same.any(dim=1)]
        old = _Statistics(self.spk_count[place], self.spk_mean[place], self.spk_std[place])
        merged = self._merge(old, _Statistics(*(part[~fresh] for part in seen)))
        names = ("spk_count", "spk_mean", "spk_std")
        for name, changed, added in zip(names, merged, seen, strict=True):
            kept = getattr(self, name).index_copy(0, place, changed)
            setattr(self, name, torch.cat((kept, added[fresh])))
        self.spk_ids = torch.cat((self.spk_ids, speakers[fresh]))


def _of_all_processes(own: _Statistics, deviation: Any) -> _Statistics:
    """Statistics of the batches of all processes of a distributed training."""
    if not is_distributed():
        return own
    count = own.steps.to(own.mean.dtype)
    totals = torch.stack([count.expand_as(own.mean), count * own.mean])
    torch.distributed.all_reduce(totals)
    mean = totals[1] / totals[0]
    spread = count * (own.std.square() + (own.mean - mean).square())
    torch.distributed.all_reduce(spread)
    total = totals[0].flatten()[:1].round().to(own.steps.dtype).reshape(own.steps.shape)
    return _Statistics(total, mean, deviation(spread / totals[0]))


def _accept_foreign_statistics(
    module: InputNormalization, state_dict: MutableMapping[str, Any], prefix: str, *_: object
) -> None:
    # SpeechBrain writes the count as a number and, in older files, speakers as dicts by their identity.
    count = state_dict.get(f"{prefix}count")
    if isinstance(count, int | float):
        state_dict[f"{prefix}count"] = torch.tensor(int(count))
    speakers = {kind: state_dict.pop(f"{prefix}spk_dict_{kind}", None) for kind in ("mean", "std", "count")}
    if module.norm_type == "speaker" and isinstance(speakers["mean"], Mapping):
        for name, value in _speaker_buffers(speakers).items():
            state_dict.setdefault(prefix + name, value)
    for name, own in module.named_buffers(recurse=False):
        incoming = state_dict.get(prefix + name)
        if isinstance(incoming, Tensor) and incoming.shape != own.shape:
            setattr(module, name, own.new_empty(incoming.shape))


def _speaker_buffers(speakers: Mapping[str, Mapping[Any, Any]]) -> dict[str, Tensor]:
    ids = list(speakers["mean"])
    if not ids:
        return {name: torch.empty(0) for name in ("spk_ids", "spk_count", "spk_mean", "spk_std")}
    stacked = {kind: torch.stack([torch.as_tensor(speakers[kind][i]) for i in ids]) for kind in ("mean", "std")}
    counts = torch.tensor([[float(speakers["count"][i])] for i in ids])
    return {
        "spk_ids": torch.tensor([int(i) for i in ids]),
        "spk_count": counts,
        "spk_mean": stacked["mean"],
        "spk_std": stacked["std"].expand_as(stacked["mean"]).clone(),
    }
