import torch

from sonovox.models.wav2vec2 import W2VTargetQuantiser
from sonovox.nn import GumbelVectorQuantizer

# SpeechBrain's numbers: tests/nn/test_reference_layers.py


class Doubled(GumbelVectorQuantizer):
    def forward(self, x):
        return {**super().forward(x), "prob_perplex": torch.tensor(10.0)}


def test_the_quantiser_can_be_another():
    quantiser = W2VTargetQuantiser(6, 4, Doubled, num_vars=10)
    targets, meta = quantiser(torch.randn(2, 5, 6))
    assert targets.shape == (2, 5, 4)
    assert meta["diversity_loss"] == 0.5
    assert meta["num_vars"] == 20


def test_the_diversity_loss_spreads_the_choices():
    torch.manual_seed(0)
    quantiser, x = W2VTargetQuantiser(6, 4, num_vars=10), torch.randn(2, 50, 6)
    optimizer = torch.optim.Adam(quantiser.parameters(), lr=0.05)
    before = quantiser(x)[1]["diversity_loss"].item()
    for _ in range(30):
        optimizer.zero_grad()
        quantiser(x)[1]["diversity_loss"].backward()
        optimizer.step()
    assert quantiser(x)[1]["diversity_loss"].item() < 0.5 * before
