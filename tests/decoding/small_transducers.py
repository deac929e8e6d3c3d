"""Transducers small enough to try every transcript."""

import itertools

import torch
from torch import nn

from sonovox.dsp.rnnt import rnnt_loss
from sonovox.nn import GRU, LSTM, Embedding, Linear, Transducer_joint


def networks(tokens=4, kind="gru", sharpness=3.0, seed=0, width=6):
    torch.manual_seed(seed)
    recurrent = (GRU if kind == "gru" else LSTM)(width, input_size=5)
    classifier = Linear(tokens, input_size=width)
    with torch.no_grad():
        classifier.w.weight *= sharpness
    return {
        "decode_network_lst": nn.ModuleList([Embedding(tokens, embedding_dim=5), recurrent]).eval(),
        "tjoint": Transducer_joint(nonlinearity=nn.Tanh),
        "classifier_network": nn.ModuleList([classifier]),
    }


def encoded(batch=3, frames=5, seed=0):
    return 2 * torch.randn(batch, frames, 6, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def log_probability(parts, states, said, blank=0):
    """Of one transcript, summed over all alignments, in one item's states `(frames, features)`."""
    embedding, recurrent = parts["decode_network_lst"]
    predicted, _ = recurrent(embedding(torch.tensor([[blank, *said]])))
    logits = parts["classifier_network"][0](parts["tjoint"](states[None, :, None], predicted[:, None]))
    sizes = (torch.tensor([size]) for size in (len(states), len(said)))
    targets = torch.tensor([said], dtype=torch.long).view(1, -1)
    return -float(rnnt_loss(logits.double(), targets, *sizes, blank=blank))


def every_transcript(tokens, longest, blank=0):
    others = [token for token in range(tokens) if token != blank]
    for count in range(longest + 1):
        yield from map(list, itertools.product(others, repeat=count))


def spoken(batch, noise, tokens=8, frames=20, seed=0):
    """States of `frames` frames, of which some say one of the tokens, and what they say."""
    generator = torch.Generator().manual_seed(seed)
    voices = 2 * torch.randn(tokens, 24, generator=torch.Generator().manual_seed(7))
    said = torch.randint(1, tokens, (batch, 5), generator=generator)
    places = torch.stack([torch.randperm(frames, generator=generator)[:5].sort().values for _ in range(batch)])
    silent = torch.zeros(batch, frames, dtype=torch.long).scatter(1, places, said)
    return voices[silent] + noise * torch.randn(batch, frames, 24, generator=generator), said


def trained_networks(steps=150):
    """Of 8 tokens, fitted to `spoken`: blank in most frames, one token in others."""
    parts = networks(tokens=8, sharpness=1.0, width=24)
    modules = torch.nn.ModuleList([parts["decode_network_lst"], parts["classifier_network"]])
    optimizer = torch.optim.Adam(modules.parameters(), lr=0.03)
    embedding, recurrent = parts["decode_network_lst"]
    for step in range(steps):
        states, said = spoken(16, noise=0.5, seed=1000 + step)
        before = torch.nn.functional.pad(said, (1, 0))
        joined = parts["tjoint"](states.unsqueeze(2), recurrent(embedding(before))[0].unsqueeze(1))
        sizes = (torch.full((16,), states.shape[1]), torch.full((16,), 5))
        loss = rnnt_loss(parts["classifier_network"][0](joined), said, *sizes, blank=0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return parts
