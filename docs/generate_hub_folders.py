"""The table of model folders of SpeechBrain against its numbers: `python docs/generate_hub_folders.py`.

It reads `../shared/reference/speechbrain` and writes `docs/reference/hub-folders.md`.
"""

import sys
import tempfile
from pathlib import Path

import torch

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from inference.reference_folders import CASES, PUBLISHED, WRONG, largest_differences, published_differences  # noqa: E402
from integrations.huggingface.reference_wrappers import CASES as WRAPPERS  # noqa: E402
from integrations.huggingface.reference_wrappers import wrapper_differences  # noqa: E402

FOLDERS = ROOT.parent / "shared" / "reference" / "speechbrain"
SPEECH = ROOT.parent / "shared" / "data" / "librispeech"
TARGET = ROOT / "docs" / "reference" / "hub-folders.md"

HEAD = """# Model folders against SpeechBrain

One row for each model folder as SpeechBrain 1.1.2 writes it. It is loaded as it is, given SpeechBrain's inputs, and
every array is compared, from features to results. The difference is the largest |ours - theirs| over the largest
|theirs|, float32 on a CPU. Whole numbers (tokens, labels, decisions) are equal in every row, or the row would say
`inf`. Written by `python docs/generate_hub_folders.py`;
[`tests/inference/reference_folders.py`](../../tests/inference/reference_folders.py) says how each array is computed.

**{equal} of {total} folders are within their tolerance.** (torch {torch}.)

| folder | interface | arrays | largest difference | in | tolerance |
|---|---|---|---|---|---|
"""

NOTES = """
`asr-*`: features, encoder, decoder, CTC and language model by their own arrays; then greedy and beam search, with and
without scorers, the four best hypotheses with lengths and scores, and the log-probabilities of the tokens. `vad-crdnn`:
{wrong} are left out, which SpeechBrain computes by adding truth values.
`spkrec-ecapa-real`: the weights that SpeechBrain published, on six whole utterances of LibriSpeech.
`hf-wrappers/*`: folders of Hugging Face in SpeechBrain's wrappers, with and without lengths, with each option.
Pooling of x-vectors and emotions: SpeechBrain adds noise of 1e-5.
"""


def main() -> None:
    """Run all cases and write the page."""
    torch.set_num_threads(1)
    lines, equal = [], 0
    for name in sorted([*CASES, PUBLISHED, *(f"hf-wrappers/{name}" for name in WRAPPERS)]):
        with tempfile.TemporaryDirectory() as scratch:
            if name == PUBLISHED:
                differences, tolerance = published_differences(FOLDERS / name, SPEECH)
            elif name.startswith("hf-wrappers/"):
                differences, tolerance = wrapper_differences(FOLDERS / name)
            else:
                differences, tolerance = largest_differences(FOLDERS / name, Path(scratch))
        worst = max(differences, key=lambda array: differences[array])
        equal += differences[worst] <= tolerance
        cases = CASES | {f"hf-wrappers/{case}": found for case, found in WRAPPERS.items()}
        interface = cases.get(name, cases["spkrec-ecapa"])[0].__name__
        lines.append(
            f"| {name} | `{interface}` | {len(differences)} | {differences[worst]:.1e} | {worst} | {tolerance:.0e} |"
        )
    head = HEAD.format(equal=equal, total=len(lines), torch=torch.__version__)
    wrong = ", ".join(f"`{array}`" for array in sorted(WRONG))
    TARGET.write_text(head + "\n".join([*lines, NOTES.format(wrong=wrong)]), encoding="utf-8")
    print(f"{equal} of {len(lines)} within tolerance; wrote {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
