"""Several augmentations of a batch: one after the other, or side by side, with or without the originals."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.augment.accepted_arguments import accepts
from sonovox.augment.item_random import ItemRandom

__all__ = ["Augmenter"]

_NONE = -1  # in the place of the number of an augmentation


class Augmenter(nn.Module):
    """Applies augmentations, of which some may be chosen at random.

    Without seeds, which augmentations are applied is drawn for the whole batch. With seeds it is drawn
    for each item, so that nothing of an item depends on the batch.

    Args:
        parallel_augment: put the results of the augmentations one below the other along the batch; otherwise
            each goes on from the result of that before.
        parallel_augment_fixed_bs: give each of the parallel augmentations its share of the batch, so that
            together they make one batch.
        concat_original: put the originals before the results.
        min_augmentations: fewest that are applied; 1 when None.
        max_augmentations: most; all when None. The first so many are taken, in their order.
        shuffle_augmentations: draw them, and their order.
        repeat_augment: how often all this is done, each time with results of its own along the batch.
        augment_start_index: first item of the batch to augment.
        augment_end_index: item before which to end; the last one is augmented too when None.
        concat_start_index: first original for `concat_original`.
        concat_end_index: original before which to end.
        augment_prob: probability, 0 to 1, that anything is done at all.
        augmentations: modules or functions of `x`, and of `lengths` and `seeds` where they take them; they return
            the augmented, or with it the new lengths.
        enable_augmentations: which of them are in use, as a list of the same length; all when None.

    Raises:
        ArgumentError: lists of different lengths, `min_augmentations` above `max_augmentations`, a probability
            outside 0 to 1, no repeats.

    >>> louder, softer = (lambda x: 2 * x), (lambda x: x / 2)
    >>> augmenter = Augmenter(parallel_augment=True, concat_original=True, min_augmentations=2,
    ...                       augmentations=[louder, softer])
    >>> augmented, lengths = augmenter(torch.tensor([[1.0, 1.0], [3.0, 0.0]]), torch.tensor([1.0, 0.5]))
    >>> augmented[:, 0], lengths
    (tensor([1.0000, 3.0000, 2.0000, 6.0000, 0.5000, 1.5000]), tensor([1.0000, 0.5000, 1.0000, 0.5000, 1.0000, 0.5000]))
    >>> augmenter.replicate_labels(torch.tensor([7, 8]))
    tensor([7, 8, 7, 8, 7, 8])
    """

    def __init__(
        self,
        parallel_augment: bool = False,
        parallel_augment_fixed_bs: bool = False,
        concat_original: bool = False,
        min_augmentations: int | None = None,
        max_augmentations: int | None = None,
        shuffle_augmentations: bool = False,
        repeat_augment: int = 1,
        augment_start_index: int = 0,
        augment_end_index: int | None = None,
        concat_start_index: int = 0,
        concat_end_index: int | None = None,
        augment_prob: float = 1.0,
        augmentations: Sequence[Callable[..., Any]] = (),
        enable_augmentations: Sequence[bool] | None = None,
    ) -> None:
        super().__init__()
        enabled = [True] * len(augmentations) if enable_augmentations is None else enable_augmentations
        if len(enabled) != len(augmentations):
            raise ArgumentError(
                "enable_augmentations must have one entry for each augmentation, "
                f"got {len(enabled)} for {len(augmentations)}"
            )
        check_positive("repeat_augment", repeat_augment)
        if not 0.0 <= augment_prob <= 1.0:
            raise ArgumentError(f"augment_prob must be 0 to 1, got {augment_prob}")
        self.augmentations = {
            f"{getattr(function, '__name__', type(function).__name__)}{number}": function
            for number, (function, is_enabled) in enumerate(zip(augmentations, enabled, strict=True))
            if is_enabled
        }
        # So that .to(device) and the state reach them.
        self.modules_of_augmentations = nn.ModuleList(
            function for function in self.augmentations.values() if isinstance(function, nn.Module)
        )
        self.parallel_augment = parallel_augment
        self.parallel_augment_fixed_bs = parallel_augment_fixed_bs
        self.concat_original = concat_original
        self.min_augmentations = 1 if min_augmentations is None else min_augmentations
        self.max_augmentations = len(self.augmentations) if max_augmentations is None else max_augmentations
        self.shuffle_augmentations = shuffle_augmentations
        self.repeat_augment = repeat_augment
        self.augment_start_index = augment_start_index
        self.augment_end_index = augment_end_index
        self.concat_start_index = concat_start_index
        self.concat_end_index = concat_end_index
        self.augment_prob = augment_prob
        self.check_min_max_augmentations()
        self._batch = 0  # of the last call
        self._origins: Tensor | None = None  # for each row of its result, the item of which it was made

    def forward(
        self, x: Tensor, lengths: Tensor | None = None, *, seeds: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The augmented batch, and its lengths.

        Args:
            x: `(batch, time, ...)`.
            lengths: `(batch,)`, shares in (0, 1]; all of the time when None.
            seeds: `(batch,)`, see `item_seeds`.

        Raises:
            ArgumentError: seeds, where the number of results would differ from item to item.
        """
        lengths = torch.ones(len(x), device=x.device) if lengths is None else lengths
        items = torch.arange(len(x))[self.augment_start_index : self.augment_end_index]
        self._batch, self._origins = len(x), None
        random = None if seeds is None else ItemRandom(seeds.cpu()[items], len(items))
        choices = self._choices(len(items), random)
        if choices.shape[1] == 0 or len(items) == 0:
            return x.clone(), lengths.clone()
        results, origins = [], []
        if self.concat_original:
            originals = slice(self.concat_start_index, self.concat_end_index)
            results.append((x[originals], lengths[originals]))
            origins.append(torch.arange(len(x))[originals])
        part, part_lengths = x[items.to(x.device)], lengths[items.to(lengths.device)]
        for _ in range(self.repeat_augment):
            for rows, numbers in self._runs(choices, random):
                results.append(self._run(part, part_lengths, rows, numbers, random))
                origins.append(items[rows])
        self._origins = torch.cat(origins)
        signals, new_lengths = zip(*results, strict=True)
        return self.concatenate_outputs(list(signals), list(new_lengths))

    def augment(self, x: Tensor, lengths: Tensor, selected_augmentations: Iterable[str]) -> tuple[Tensor, Tensor]:
        """The batch after the named augmentations (names are the keys of `augmentations`), and its lengths."""
        names = list(self.augmentations)
        choices = torch.tensor([[names.index(name) for name in selected_augmentations]]).expand(len(x), -1)
        if choices.shape[1] == 0:
            return x, lengths
        results = [self._run(x, lengths, rows, numbers, None) for rows, numbers in self._runs(choices, None)]
        signals, new_lengths = zip(*results, strict=True)
        return self.concatenate_outputs(list(signals), list(new_lengths))

    def concatenate_outputs(
        self, augment_lst: Sequence[Tensor], augment_len_lst: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Batches below one another, padded with zeros to the longest, and their lengths as shares of it."""
        longest = max(x.shape[1] for x in augment_lst)
        signals = [F.pad(x, (*(0, 0) * (x.dim() - 2), 0, longest - x.shape[1])) for x in augment_lst]
        pairs = zip(augment_lst, augment_len_lst, strict=True)
        return torch.cat(signals), torch.cat([lengths * (x.shape[1] / max(longest, 1)) for x, lengths in pairs])

    def replicate_labels(self, labels: Tensor) -> Tensor:
        """The labels of the last result, of those of the batch: `(rows, ...)` of `(batch, ...)`.

        Raises:
            ArgumentError: labels of another number of items than the batch had.
        """
        if len(labels) != self._batch:
            raise ArgumentError(
                f"labels of {self._batch} items were expected, as many as were augmented, got {len(labels)}",
                hint="augment the batch first",
            )
        return labels if self._origins is None else labels[self._origins.to(labels.device)]

    def replicate_multiple_labels(self, *args: Tensor) -> list[Tensor]:
        """`replicate_labels` of each."""
        return [self.replicate_labels(labels) for labels in args]

    def check_min_max_augmentations(self) -> None:
        """Refuse bounds that no number of augmentations meets; more than there are mean all.

        Raises:
            ArgumentError: naming both.
        """
        if not 0 <= self.min_augmentations <= self.max_augmentations and self.augmentations:
            raise ArgumentError(
                "0 <= min_augmentations <= max_augmentations was expected, "
                f"got {self.min_augmentations} and {self.max_augmentations}"
            )
        self.max_augmentations = min(self.max_augmentations, len(self.augmentations))
        self.min_augmentations = min(self.min_augmentations, self.max_augmentations)

    def _choices(self, items: int, random: ItemRandom | None) -> Tensor:
        """`(items, steps)`: the number of an augmentation for each item and step, or `_NONE`."""
        low, high, known = self.min_augmentations, self.max_augmentations, len(self.augmentations)
        if random is None:
            if float(torch.rand(())) >= self.augment_prob:
                return torch.empty(items, 0, dtype=torch.int64)
            order = torch.randperm(known) if self.shuffle_augmentations else torch.arange(known)
            return order[: int(torch.randint(low, high + 1, ()))].expand(items, -1)
        several = self.parallel_augment and not self.parallel_augment_fixed_bs
        is_certain = self.augment_prob in (0.0, 1.0)
        if (several and low != high) or ((several or self.concat_original) and not is_certain):
            raise ArgumentError(
                "with seeds each item needs as many results as the others, got "
                f"min_augmentations={low}, max_augmentations={high}, augment_prob={self.augment_prob}",
                hint="let both numbers be equal and augment_prob 1, or apply augmentations one after the other, "
                "without the originals",
            )
        if self.augment_prob == 0.0:
            return torch.empty(items, 0, dtype=torch.int64)
        is_augmented = random.uniform(0.0, 1.0, 1) < self.augment_prob
        count = random.integers(low, high, 1) * is_augmented
        order = random.uniform(0.0, 1.0, known).argsort(1) if self.shuffle_augmentations else torch.arange(known)
        return torch.where(torch.arange(high) < count, order[..., :high], _NONE)

    def _runs(self, choices: Tensor, random: ItemRandom | None) -> list[tuple[Tensor, Tensor]]:
        """Rows of the batch, and for each of them the numbers of the augmentations to apply in turn."""
        rows, steps = torch.arange(len(choices)), choices.shape[1]
        if not self.parallel_augment:
            return [(rows, choices)]
        if not self.parallel_augment_fixed_bs:
            return [(rows, choices[:, step : step + 1]) for step in range(steps)]
        if random is None:  # the batch in as many parts as there are augmentations, the last one with the rest
            which = (rows // max(len(rows) // steps, 1)).clamp_max(steps - 1)
        else:
            taken = (choices != _NONE).sum(1)
            which = random.integers(0, taken - 1)
        return [(rows, choices.gather(1, which.unsqueeze(1)))]

    def _run(
        self, x: Tensor, lengths: Tensor, rows: Tensor, numbers: Tensor, random: ItemRandom | None
    ) -> tuple[Tensor, Tensor]:
        """All rows after all of their augmentations."""
        x, lengths = x[rows.to(x.device)], lengths[rows.to(lengths.device)]
        for step in numbers.unbind(1):
            seeds = None if random is None else random.seeds()[rows].to(x.device)
            x, lengths = self._step(x, lengths, step, seeds)
        return x, lengths

    def _step(self, x: Tensor, lengths: Tensor, numbers: Tensor, seeds: Tensor | None) -> tuple[Tensor, Tensor]:
        """Each row after one augmentation, its own; rows of the same augmentation together."""
        present = numbers.unique().tolist()
        if len(present) == 1:
            return self._augmented(present[0], x, lengths, seeds)
        groups = [torch.nonzero(numbers == number)[:, 0] for number in present]
        results = []
        for number, group in zip(present, groups, strict=True):
            rows = group.to(x.device)
            own = None if seeds is None else seeds[rows]
            results.append(self._augmented(number, x[rows], lengths[rows.to(lengths.device)], own))
        signals, new_lengths = zip(*results, strict=True)
        x, lengths = self.concatenate_outputs(list(signals), list(new_lengths))
        back = torch.cat(groups).argsort()
        return x[back.to(x.device)], lengths[back.to(lengths.device)]

    def _augmented(self, number: int, x: Tensor, lengths: Tensor, seeds: Tensor | None) -> tuple[Tensor, Tensor]:
        if number == _NONE:
            return x, lengths
        function = list(self.augmentations.values())[number]
        offered = {"lengths": lengths, "seeds": seeds}
        result = function(x, **{name: value for name, value in offered.items() if accepts(function, name)})
        return result if isinstance(result, tuple) else (result, lengths)
