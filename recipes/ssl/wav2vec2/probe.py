"""What an encoder knows: digits from its frozen states by a linear classifier, layer by layer.

    python recipes/ssl/wav2vec2/probe.py results/ssl/wav2vec2/1986/encoder DIGITS

States are averaged over time, a ridge regression learns the words of the recordings
that trained the encoder, and the official test split is classified. Beside it stand
the same encoder with random weights, and means of log-mel features.
"""

import sys

import torch
from train import datasets

from sonovox.data import PaddedBatch
from sonovox.integrations.huggingface import Wav2Vec2
from sonovox.models.wav2vec2 import build_wav2vec2
from sonovox.nn import Fbank

RIDGE = 1e-2


def states(block, items):
    """Means over the true frames of each layer, `(layers, recordings, features)`, and the digits."""
    means, digits = [], []
    for start in range(0, len(items), 100):
        batch = PaddedBatch([items[i] for i in range(start, min(start + 100, len(items)))])
        waves, lengths = batch.sig
        with torch.no_grad():
            layers = block(waves, lengths)  # (layers, batch, frames, features)
        counts = (lengths * layers.shape[2]).round().clamp(min=1)
        heard = torch.arange(layers.shape[2]) < counts[:, None]
        means.append((layers * heard[None, :, :, None]).sum(2) / counts[:, None])
        digits += [int(name[0]) for name in batch.id]
    return torch.cat(means, dim=1).double(), torch.tensor(digits)


def accuracies(block, train, test):
    """Share of the test's words that a ridge regression finds, for each layer."""
    (known, labels), (asked, expected) = states(block, train), states(block, test)
    mean, deviation = known.mean(1, keepdim=True), known.std(1, keepdim=True) + 1e-6
    known, asked = (known - mean) / deviation, (asked - mean) / deviation
    targets = torch.nn.functional.one_hot(labels, 10).double() - 0.1
    found = []
    for x, y in zip(known, asked, strict=True):
        gram = x.T @ x + RIDGE * len(x) * torch.eye(x.shape[1], dtype=x.dtype)
        guessed = (y @ torch.linalg.solve(gram, x.T @ targets)).argmax(1)
        found.append(100 * (guessed == expected).double().mean().item())
    return found


def main(folder, data_folder):
    sets = datasets({"data_folder": data_folder})
    torch.manual_seed(0)
    trained = Wav2Vec2(folder, freeze=True, output_all_hiddens=True)
    drawn = Wav2Vec2(folder, freeze=True, output_all_hiddens=True)
    from sonovox.models.wav2vec2 import load_wav2vec2

    drawn.model.load_state_dict(build_wav2vec2(load_wav2vec2(folder).config).state_dict())
    features = Fbank(sample_rate=8000, n_fft=256, n_mels=40, f_max=4000)
    rows = {
        "pretrained": accuracies(trained, sets["train"], sets["test"]),
        "random weights": accuracies(drawn, sets["train"], sets["test"]),
        "log-mel": accuracies(lambda waves, lengths: features(waves)[None], sets["train"], sets["test"]),
    }
    for name, found in rows.items():
        print(f"{name:<16}", "  ".join(f"{value:5.1f}" for value in found))


if __name__ == "__main__":
    main(*sys.argv[1:])
