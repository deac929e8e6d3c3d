"""Damaged files of sound, made from good ones by a seed; run as a program, it loads them one after the other.

    python mutations.py FIRST COUNT

prints a line of JSON for each file before it is loaded and another one after, so that whoever
reads them knows which one a crash belongs to.
"""

import io
import json
import random
import resource
import sys
import tempfile
import time
import warnings
from pathlib import Path

import torch

import sonovox
from sonovox._internal.errors import ShortAudioError, ShortAudioWarning, SonovoxError

EXTREMES = (
    0,
    1,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    2**36,
    2**63 - 1,
    2**64 - 1,
)


def good_files() -> dict[str, bytes]:
    """Suffix -> content: a third of a second of noise and tone in every format that `save` knows."""
    generator = torch.Generator().manual_seed(0)
    tone = 0.3 * torch.sin(torch.arange(5333) / 9.0)
    wave = torch.stack([tone, tone.flip(0)]) + 0.05 * torch.randn(2, 5333, generator=generator).clamp(-4, 4)
    ways = {
        "wav": {},
        "pcm16.wav": {"encoding": "PCM_S", "bits_per_sample": 16},
        "pcm24.wav": {"encoding": "PCM_S", "bits_per_sample": 24},
        "f64.wav": {"encoding": "PCM_F", "bits_per_sample": 64},
        "ulaw.wav": {"encoding": "ULAW"},
        "rf64": {"encoding": "PCM_S"},
        "flac": {},
        "24.flac": {"bits_per_sample": 24},
        "ogg": {},
        "opus": {},
        "mp3": {},
        "constant.mp3": {"compression": 64},
        "aiff": {},
        "pcm16.aiff": {"encoding": "PCM_S"},
        "au": {},
        "caf": {},
        "w64": {},
        "sph": {},
    }
    files = {}
    for name, options in ways.items():
        file = io.BytesIO()
        sonovox.save(file, wave, 16000, format=name.rpartition(".")[2], **options)
        files[name] = file.getvalue()
    return files


def mutate(data: bytes, donor: bytes, rng: random.Random) -> bytes:
    """One to four changes of the kinds that disks, networks and people make."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        if not out:
            break
        kind = rng.randrange(8)
        at = rng.randrange(min(len(out), 200)) if rng.random() < 0.5 else rng.randrange(len(out))
        size = min(len(out) - at, rng.choice((1, 4, 37, 512, 5000)))
        if kind == 0:  # bit flips
            for _ in range(rng.choice((1, 3, 50))):
                out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del out[at:]
        elif kind == 2:
            del out[at : at + size]
        elif kind == 3:
            out[at:at] = rng.randbytes(size)
        elif kind == 4:
            out[at:at] = out[at : at + size]
        elif kind == 5:  # a field of the header takes an extreme value
            width = rng.choice((1, 2, 4, 8))
            value = rng.choice(EXTREMES) & (1 << 8 * width) - 1
            at = rng.randrange(min(len(out), 120))
            out[at : at + width] = value.to_bytes(width, rng.choice(("little", "big")))
        elif kind == 6:
            out[at:] = donor[rng.randrange(len(donor)) :]
        else:
            out[at : at + size] = bytes(size)
    return bytes(out)


def damaged_file(number: int, good: dict[str, bytes]) -> tuple[str, bytes]:
    """Suffix and content of the damaged file of this number, always the same."""
    rng = random.Random(number)
    suffix, donor = rng.choice(sorted(good)), rng.choice(sorted(good))
    return suffix, mutate(good[suffix], good[donor], rng)


def read_in_every_way(path: Path, number: int) -> str:
    """Load it and, where that succeeds, describe and stream it; a short one is loaded again as it is."""
    try:
        with path.open("rb") as file:
            sonovox.load(path if number % 4 else file, check=bool(number % 2))
    except ShortAudioError:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ShortAudioWarning)
            sonovox.load(path, on_short="warn")
        return "ShortAudioError"
    sonovox.info(path)
    for _ in sonovox.stream(path, 0.05, overlap_seconds=0.01, mono=True):
        pass
    return "loaded"


def main(first: int, count: int) -> None:
    good = good_files()
    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory() as folder:
        for number in range(first, first + count):
            suffix, content = damaged_file(number, good)
            path = Path(folder, f"damaged-{number}.{suffix}")
            path.write_bytes(content)
            say(number=number, suffix=suffix)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            start = time.perf_counter()
            try:
                outcome = read_in_every_way(path, number)
            except SonovoxError as error:
                outcome = type(error).__name__ if path.name in str(error) else f"unnamed: {error}"
            except Exception as error:
                outcome = f"foreign: {type(error).__name__}: {error}"
            seconds = time.perf_counter() - start
            grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
            say(number=number, suffix=suffix, outcome=outcome, seconds=seconds, grown_mb=grown_mb)
            path.unlink()


def say(**words: object) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
