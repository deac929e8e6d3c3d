"""The table of encoders against transformers: `python docs/generate_encoders.py`.

It needs transformers, makes its own models, and writes `docs/reference/encoders.md`.
"""

import sys
import tempfile
import warnings
from pathlib import Path

import torch

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from parity.encoder_cases import CASES, CLASSES, largest_difference  # noqa: E402

TARGET = ROOT / "docs" / "reference" / "encoders.md"
TOLERANCE = 1e-5

HEAD = """# Encoders against transformers

One row for each configuration: transformers {transformers} makes a small model with random weights of it and writes a
folder, `load_wav2vec2` reads that, and both hear the same noise. The difference is the largest |ours - theirs| over the
largest |theirs| of all hidden states and of the logits, float32 on a CPU: two recordings of one length | two of
different lengths with an attention mask, where frames of padding are left out. A dash: the family has no such option.
Written by `python docs/generate_encoders.py`;
[`tests/parity/encoder_cases.py`](../../tests/parity/encoder_cases.py) has the options.

**{equal} of {total} are within {tolerance:.0e}.** (torch {torch}.)

| configuration | wav2vec 2.0 | HuBERT | WavLM |
|---|---|---|---|
"""

NOTES = """
Also compared, in [`tests/parity/test_encoders_transformers.py`](../../tests/parity/test_encoders_transformers.py): the
encoders inside models for classification of recordings, of frames and of speakers; texts of four kinds of vocabularies;
adapters of a language (`adapter.fra.safetensors`, MMS). Activations without a row are those of
`sonovox.models.wav2vec2.feature_extractor`; an unknown one is an error with the list. Where transformers writes special
labels such as `<unk>` into a text, ours leaves them out.
"""


def main() -> None:
    """Run all cases and write the page."""
    import transformers

    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", "Support for mismatched key_padding_mask")  # WavLM of transformers 5
    lines, equal, total = [], 0, 0
    for name, (families, _) in CASES.items():
        cells = []
        for family in CLASSES:
            if family not in families:
                cells.append("–")
                continue
            with tempfile.TemporaryDirectory() as scratch:
                found = [largest_difference(Path(scratch), name, family, padded=padded) for padded in (False, True)]
            total += len(found)
            equal += sum(value <= TOLERANCE for value in found)
            cells.append(" \\| ".join(f"{value:.0e}" for value in found))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    head = HEAD.format(
        equal=equal, total=total, tolerance=TOLERANCE, torch=torch.__version__, transformers=transformers.__version__
    )
    TARGET.write_text(head + "\n".join([*lines, NOTES]), encoding="utf-8")
    print(f"{equal} of {total} within tolerance; wrote {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
