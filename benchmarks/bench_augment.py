"""Augmentation of a batch of 32 x 10 s at 16 kHz, against SpeechBrain and against a loop over the items.

python benchmarks/bench_augment.py
"""

import tempfile
from pathlib import Path

import torch
from measure import Row, report

import sonovox
from sonovox import augment

try:
    from speechbrain.augment import freq_domain, time_domain
except (ImportError, OSError):  # it does not import beside a CPU build of torch
    freq_domain = time_domain = None

RATE = 16000


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


WAVES = noise(32, 10 * RATE) * 0.1
FEATURES = noise(32, 1000, 80)
LENGTHS = torch.linspace(0.6, 1.0, 32)
SEEDS = torch.arange(32)


def row(name, batch, takes_lengths=True, peer_name=None, **arguments):
    """One augmentation with the same arguments in both packages."""
    ours = getattr(augment, name)(**arguments)
    module = freq_domain if batch is FEATURES else time_domain
    theirs = getattr(module, peer_name or name)(**arguments) if module else None
    lengths = (LENGTHS,) if takes_lengths else ()
    # SpeechBrain changes what it is given.
    peers = {"speechbrain": lambda: theirs(batch.clone(), *lengths)} if theirs else {}

    def one_by_one():
        for item in range(len(batch)):
            ours(batch[item : item + 1], *(x[item : item + 1] for x in lengths))

    return Row(name, ours=lambda: ours(batch, *lengths), peers=peers | {"loop over items": one_by_one})


def noises(folder):
    """Eight noises of 30 s and eight impulse responses of 0.5 s, and the lists of them."""
    decay = torch.exp(-torch.arange(RATE // 2) / 1600)
    for kind, sounds in (("noise", noise(8, 1, 30 * RATE) * 0.1), ("rir", noise(8, 1, RATE // 2) * 0.1 * decay)):
        lines = ["ID,duration,wav,wav_format,wav_opts"]
        for number, sound in enumerate(sounds.clamp(-1, 1)):
            path = folder / f"{kind}{number}.wav"
            sonovox.save(path, sound, RATE)
            lines.append(f"{kind}{number},{sound.shape[1] / RATE},{path},wav,")
        (folder / f"{kind}.csv").write_text("\n".join(lines) + "\n")


def seeded(name, **arguments):
    """What it costs to draw from seeds of the items, where noise is drawn for each sample."""
    ours = getattr(augment, name)(**arguments)
    return Row(
        f"{name} with seeds",
        ours=lambda: ours(WAVES, LENGTHS, seeds=SEEDS),
        peers={"without seeds": lambda: ours(WAVES, LENGTHS)},
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        noises(Path(name))
        files = {kind: str(Path(name) / f"{kind}.csv") for kind in ("noise", "rir")}
        report(
            "Augmentation, 32 x 10 s at 16 kHz",
            [
                row("AddNoise", WAVES, snr_low=0, snr_high=15),
                row("AddNoise", WAVES, csv_file=files["noise"], snr_low=0, snr_high=15),
                row("AddReverb", WAVES, takes_lengths=False, csv_file=files["rir"]),
                row("SpeedPerturb", WAVES, takes_lengths=False, orig_freq=RATE, speeds=[90]),
                row("DropFreq", WAVES, takes_lengths=False),
                row("DropChunk", WAVES, drop_count_low=2, drop_count_high=8),
                row("DropChunk", WAVES, drop_count_low=2, drop_count_high=8, noise_factor=1.0),
                row("DoClip", WAVES, takes_lengths=False),
                row("RandAmp", WAVES, takes_lengths=False),
                row("SpectrogramDrop", FEATURES, takes_lengths=False, drop_count_low=2, drop_count_high=5),
                row("Warping", FEATURES, takes_lengths=False),
                seeded("AddNoise", snr_low=0, snr_high=15),
                seeded("DropChunk", drop_count_low=2, drop_count_high=8),
            ],
            rounds=5,
        )
