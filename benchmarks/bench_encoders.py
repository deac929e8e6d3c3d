"""Pretrained encoders of base size, forward and backward, against transformers: `python benchmarks/bench_encoders.py`.

A batch of 8 recordings of 5 to 10 s, padded; ratios of CPU time on one thread, and the memory
that each takes at its peak, measured in a process of its own. `--rounds 1 --seconds 2` is a
shorter look, `--only memory` or `--only time` half of it. bfloat16 is measured where the
processor has AMX, or where `--dtypes bf16` asks for it. A peer that is not installed is left
out; `requirements/peers.txt` has it.
"""

import argparse
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from bench_dsp import optional
from measure import Row, report

from sonovox.models.wav2vec2 import Wav2Vec2Config, build_wav2vec2

transformers = optional("transformers")

FAMILIES = {"wav2vec2": "Wav2Vec2", "hubert": "Hubert", "wavlm": "WavLM"}
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
DIRECTIONS = ["forward", "forward and backward"]
GATES = {"fp32": "1.2", "bf16": "2.5 with AMX"}


def config(family: str) -> Wav2Vec2Config:
    """Base size without anything random, so that both compute the same."""
    buckets = {"num_buckets": 320, "max_distance": 800} if family == "wavlm" else {}
    dropouts = ("encoder_projection_dropout", "encoder_attention_dropout", "encoder_ff_interm_dropout")
    still = dict.fromkeys((*dropouts, "encoder_dropout", "encoder_layer_drop"), 0.0)
    return Wav2Vec2Config(family=family, **buckets, **still)


def work(who: str, family: str, dtype: str, seconds: float, *, backward: bool) -> Callable[[], object]:
    """One step over the batch by `ours` or `transformers`."""
    sizes = config(family)
    lengths = torch.linspace(seconds / 2, seconds, 8).mul(16000).long()
    waves = torch.randn(8, int(lengths.max())) * (torch.arange(int(lengths.max())) < lengths[:, None])
    waves = waves.to(DTYPES[dtype])
    if who == "ours":
        model = build_wav2vec2(sizes)
        model.ignore_padding()  # as the blocks of recipes and recognisers do
        call = lambda: model(waves, lengths)[0]  # noqa: E731
    else:
        described = getattr(transformers, f"{FAMILIES[family]}Config")(**sizes.to_huggingface())
        model = getattr(transformers, f"{FAMILIES[family]}Model")(described)
        mask = (torch.arange(waves.shape[1]) < lengths[:, None]).long()
        call = lambda: model(waves, attention_mask=mask)[0]  # noqa: E731
    model.to(DTYPES[dtype]).train(backward)

    def step() -> None:
        with torch.set_grad_enabled(backward):
            out = call()
        if backward:
            out.float().square().mean().backward()
            model.zero_grad()

    return step


def rows(families: list[str], dtypes: list[str], directions: list[str], seconds: float) -> Iterator[Row]:
    """One after the other, so that two models are in memory and not all of them."""
    peers = ["transformers"] if transformers else []
    for family in families:
        for dtype in dtypes:
            for direction in directions:
                backward = direction != "forward"
                yield Row(
                    f"{family} base, {dtype}, {direction}",
                    work("ours", family, dtype, seconds, backward=backward),
                    {peer: work(peer, family, dtype, seconds, backward=backward) for peer in peers},
                    gate=GATES[dtype],
                )


def has_amx() -> bool:
    """Whether the processor multiplies bfloat16 by tiles."""
    flags = Path("/proc/cpuinfo")
    return flags.exists() and "amx_bf16" in flags.read_text()


def print_memory(families: list[str], dtypes: list[str], seconds: float) -> None:
    """Peak memory of one step with gradients, less what the process has before it."""
    print(f"\n{'memory of a step':<44} {'ours MiB':>9} {'transformers':>13}")
    for family in families:
        for dtype in dtypes:
            took = []
            for who in ("ours", *(["transformers"] if transformers else [])):
                words = [sys.executable, __file__, "--measure", who, family, dtype, str(seconds)]
                took.append(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[-1])
            print(f"{family} base, {dtype:<33} {took[0]:>9} {took[1] if len(took) > 1 else '':>13}", flush=True)


def measure(who: str, family: str, dtype: str, seconds: str) -> None:
    step = work(who, family, dtype, float(seconds), backward=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    step()
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--families", nargs="+", default=list(FAMILIES), choices=FAMILIES)
    parser.add_argument("--dtypes", nargs="+", default=None, choices=DTYPES)
    parser.add_argument("--directions", nargs="+", default=DIRECTIONS, choices=DIRECTIONS)
    parser.add_argument("--only", choices=["memory", "time"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--measure", nargs=4)
    words = parser.parse_args()
    torch.manual_seed(0)
    if words.measure:
        measure(*words.measure)
        sys.exit()
    dtypes = words.dtypes or (list(DTYPES) if has_amx() else ["fp32"])
    # First, since a process that a large one starts counts the peak of that one as its own.
    if words.only != "time":
        print_memory(words.families, dtypes, words.seconds)
    if words.only != "memory":
        title = f"8 recordings of up to {words.seconds:g} s"
        report(title, rows(words.families, dtypes, words.directions, words.seconds), rounds=words.rounds)
    if "bf16" not in dtypes:
        print("bf16: no AMX here; `--dtypes bf16` measures it all the same")
