"""The table of all layers and models with SpeechBrain's weights against its numbers: `python docs/generate_layers.py`.

It reads `../shared/reference/speechbrain/layers` and writes `docs/reference/layers.md`.
"""

import sys
from pathlib import Path

import torch

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from nn.reference_layers import CLASSES, NO_LAYERS, largest_differences, read_reference  # noqa: E402

LAYERS = ROOT.parent / "shared" / "reference" / "speechbrain" / "layers"
TARGET = ROOT / "docs" / "reference" / "layers.md"

HEAD = """# Layers against SpeechBrain

One row for each layer or model with one set of arguments: SpeechBrain 1.1.2's weights are loaded strictly, its inputs
given, and all outputs compared. The difference is the largest |ours - theirs| over the largest |theirs|, float32 on a
CPU. Written by `python docs/generate_layers.py`; [`tests/nn/reference_layers.py`](../../tests/nn/reference_layers.py)
says how each is called.

**{equal} of {built} are within their tolerance.** (torch {torch}.)

| case | class | largest difference | tolerance |
|---|---|---|---|
"""

NOTES = """
`StatisticsPooling`: SpeechBrain adds random noise of 1e-5 to the mean, in evaluation too; ours is the mean.
`stft`: the logarithms of magnitudes are those of the stored spectrum, since that of a bin near zero tells of the
rounding of its Fourier transform only. `LiGRU`, `SLiGRU` and `QuasiRNN`: the second result holds SpeechBrain's numbers
in SpeechBrain's order, see there.
"""


def main() -> None:
    """Run all cases and write the page."""
    torch.set_num_threads(1)
    lines, equal = [], 0
    names = sorted(path.name for path in LAYERS.iterdir() if path.name not in NO_LAYERS)
    for name in names:
        reference = read_reference(LAYERS / name)
        worst = max(largest_differences(reference).values())
        equal += worst <= reference.tolerance
        ours = CLASSES[reference.reference_class]
        lines.append(f"| {name} | `{ours}` | {worst:.1e} | {reference.tolerance:.0e} |")
    head = HEAD.format(equal=equal, built=len(names), torch=torch.__version__)
    TARGET.write_text(head + "\n".join([*lines, NOTES]), encoding="utf-8")
    print(f"{equal} of {len(names)} within tolerance; wrote {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
