"""Which pairs are learnt from, and which watch the training: by the data's own word, by speaker, or by chance."""

import random
from collections.abc import Mapping
from typing import Any

from sonovox._internal.errors import ArgumentError

__all__ = ["split_items"]

TRAIN, DEV = ("train", "training"), ("dev", "valid", "validation", "development")
FEWEST_SPEAKERS = 10


def split_items(
    items: Mapping[str, Mapping[str, Any]], share: float, seed: int, by: str = "auto"
) -> tuple[list[str], list[str], str]:
    """Ids to learn from, ids to watch with, and a phrase that says how they were told apart.

    Args:
        items: with "speaker" and "split" where these are known. Where "split" is, and says train of some, only those
            are learnt from, and those of dev or valid watch.
        share: of the items that watch, where the data do not say; one at least.
        seed: of the draw.
        by: `"recording"`, `"speaker"`, or `"auto"` for speakers where ten or more are known.

    Raises:
        ArgumentError: speakers are asked for, and not known or only one.

    >>> split_items({name: {} for name in "abcd"}, 0.25, seed=0)
    (['a', 'b', 'c'], ['d'], 'drawn by seed 0')
    """
    names = [name for name in items if str(items[name].get("split", "train")).lower() in TRAIN]
    if not names:
        names = list(items)
    told = [name for name in items if str(items[name].get("split", "")).lower() in DEV]
    if told and names:
        return names, [name for name in told if name not in set(names)], "as the data say"
    speakers = sorted({str(items[name].get("speaker", "")) for name in names})
    is_known = "" not in speakers
    draw = random.Random(seed)  # noqa: S311 - no secret
    if by == "speaker" or (by == "auto" and is_known and len(speakers) >= FEWEST_SPEAKERS):
        if not is_known or len(speakers) < 2:
            raise ArgumentError(
                f"--split speaker needs two speakers or more, and one for each recording, got {len(speakers)}",
                hint="a column speaker, or Kaldi's utt2spk, tells them",
            )
        chosen = set(draw.sample(speakers, max(1, round(share * len(speakers)))))
        dev = [name for name in names if str(items[name]["speaker"]) in chosen]
        how = f"all of {len(chosen)} of {len(speakers)} speakers, drawn by seed {seed}"
    else:
        picked = set(draw.sample(names, max(1, min(len(names) - 1, round(share * len(names))))))
        dev = [name for name in names if name in picked]
        how = f"drawn by seed {seed}" + ("; the same speakers are in both" if is_known else "")
    others = set(dev)
    return [name for name in names if name not in others], dev, how
