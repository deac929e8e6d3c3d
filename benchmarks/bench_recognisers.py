"""Recognisers of model folders: how long one utterance takes, how many fit into a second, and hours of sound.

    python benchmarks/bench_recognisers.py              one utterance and a batch, beside SpeechBrain where it imports
    python benchmarks/bench_recognisers.py --long 3     hours through a Conformer: memory and real-time factor

The folders are those of `../shared/reference/speechbrain`: small models, so that the search and what lies around it
weigh more than in large ones. Texts are compared before anything is timed. One thread.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import torch
from measure import Row, report

import sonovox
from sonovox.inference import EncoderASR, EncoderDecoderASR

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
FOLDERS = {
    "asr-crdnn-rnnlm": (EncoderDecoderASR, "CRDNN, RNNLM and coverage, beam 8"),
    "asr-transformer-lm": (EncoderDecoderASR, "transformer, CTC and LM, beam 8"),
    "asr-conformer": (EncoderDecoderASR, "Conformer, CTC (partial) and LM, beam 7"),
    "asr-wav2vec2-ctc": (EncoderASR, "wav2vec 2.0, CTC greedy"),
}
SECONDS, BATCH = 5, 8


def theirs(folder: Path, name: str):
    """SpeechBrain's recogniser of the same folder; None where it does not import."""
    try:
        from speechbrain.inference import ASR
        from speechbrain.utils.fetching import LocalStrategy
    except Exception as error:  # whatever keeps it from being imported
        print(f"without SpeechBrain ({type(error).__name__}: {error})")
        return None
    return getattr(ASR, name).from_hparams(str(folder), local_strategy=LocalStrategy.NO_LINK)


def rows() -> list[Row]:
    """For each folder, one utterance and a batch."""
    items = [json.loads(line) for line in (SHARED / "data/librispeech/manifest.jsonl").read_text().splitlines()]
    long_enough = [item for item in items if item["duration"] >= SECONDS][:BATCH]
    size = SECONDS * 16000
    wavs = torch.stack([sonovox.load(SHARED / "data/librispeech" / item["audio"])[0][0, :size] for item in long_enough])
    lengths, found = torch.ones(BATCH), []
    for folder, (interface, title) in FOLDERS.items():
        path = SHARED / "reference/speechbrain" / folder / "model"
        ours = interface.from_hparams(path)
        peer = theirs(path, interface.__name__) if folder != "asr-wav2vec2-ctc" else None
        said = ours.transcribe_batch(wavs, lengths)
        if peer is not None and said[0] != list(peer.transcribe_batch(wavs, lengths)[0]):
            print(f"{title}: texts differ")
        for count in (1, BATCH):
            given = (wavs[:count], lengths[:count])
            peers = (
                {} if peer is None else {"SpeechBrain": lambda peer=peer, given=given: peer.transcribe_batch(*given)}
            )
            found.append(
                Row(
                    f"{title}, {count} x {SECONDS} s",
                    ours=lambda ours=ours, given=given: ours.transcribe_batch(*given),
                    peers=peers,
                )
            )
    return found


def long_recordings(hours: float) -> None:
    """The table of `tests/long_conformer.py`, each recogniser in a process of its own."""
    print(f"\n{hours:g} h through a Conformer of random weights, one thread")
    print(f"{'recogniser':<12} {'parameters':>10} {'peak MB of each half hour':<34} {'s for a second':>14}")
    for kind in ("attention", "ctc", "streaming"):
        command = [sys.executable, str(ROOT / "tests" / "long_conformer.py"), kind, str(hours)]
        result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        peaks = " ".join(map(str, result["half_hour_peaks_mb"]))
        print(f"{kind:<12} {result['parameters']:>10,} {peaks:<34} {result['real_time_factor']:>14.4f}", flush=True)


def main() -> None:
    """Print the table that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", type=float, metavar="HOURS", help="hours of sound instead of utterances")
    options = parser.parse_args()
    if options.long:
        long_recordings(options.long)
    else:
        report("Recognisers", rows(), rounds=5)


if __name__ == "__main__":
    main()
