import math

import numpy as np
import pytest
import torch

from sonovox.dsp.add_noise import AddNoise, add_noise


def noise(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("snr", [-10.0, 0.0, 23.0])
def test_the_ratio_of_energies_is_the_one_asked_for(snr):
    wave, rain = noise(500), 7 * noise(500, seed=1)
    added = add_noise(wave, rain, torch.tensor(snr)) - wave
    assert 10 * math.log10(wave.square().sum() / added.square().sum()) == pytest.approx(snr, abs=1e-9)


@pytest.mark.parametrize(("kind", "name"), [("functional", "add_noise"), ("transforms", "AddNoise")])
def test_equals_torchaudio_with_its_gradient(torchaudio_calls, torchaudio_reference, kind, name):
    arrays = np.load(torchaudio_reference / kind / f"{name}.npz")
    for call, inputs, expected, _ in torchaudio_calls(kind, name):
        leaves = {key: value.requires_grad_() for key, value in inputs.items() if key != "lengths"}
        lengths = {"lengths": inputs["lengths"].long()} if "lengths" in inputs else {}
        result = AddNoise()(**leaves, **lengths)
        torch.testing.assert_close(result.detach(), expected, rtol=1e-12, atol=1e-12)
        (
            result * torch.cos(0.37 * torch.arange(result.numel(), dtype=torch.float64).view(result.shape) + 0.1)
        ).sum().backward()
        for key, leaf in leaves.items():
            if f"{call['id']}.grad.{key}" in arrays:
                slope = torch.from_numpy(arrays[f"{call['id']}.grad.{key}"]).double()
                torch.testing.assert_close(leaf.grad, slope, rtol=1e-6, atol=1e-6)  # some are stored in float32


def test_the_ratio_is_that_within_the_lengths():
    wave, rain, lengths = noise(2, 60), noise(2, 60, seed=1), torch.tensor([60, 25])
    mixed = add_noise(wave, rain, torch.tensor([5.0, 5.0]), lengths)
    torch.testing.assert_close(mixed[1, :25], add_noise(wave[1, :25], rain[1, :25], torch.tensor(5.0)))
    gains = (mixed - wave)[1] / rain[1]
    torch.testing.assert_close(gains, gains[:1].expand(60))  # of the padding too


def test_nothing_is_added_to_silence_nor_of_it():
    wave, silence, snr = noise(50), torch.zeros(50, dtype=torch.float64), torch.tensor(3.0)
    assert torch.equal(add_noise(silence, wave, snr), silence)
    assert torch.equal(add_noise(wave, silence, snr), wave)
    leaf = silence.clone().requires_grad_()
    add_noise(leaf, wave, snr).sum().backward()
    assert torch.equal(leaf.grad, torch.ones_like(leaf))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"noise": torch.ones(2, 7)}, r"noise must have the shape of waveform, \(2, 8\), got \(2, 7\); cut or repeat"),
        ({"snr": torch.tensor(3.0)}, r"snr must have shape \(2,\), one for each item, got \(\)"),
        ({"lengths": torch.tensor([9, 1])}, r"lengths must be from 0 to 8, the samples of waveform, got \[9, 1\]"),
        ({"lengths": torch.tensor(3)}, r"lengths must have shape \(2,\), one for each item, got \(\)"),
        ({"waveform": torch.ones(2, 8, dtype=torch.int16)}, "waveform must be floating point, got int16; convert it"),
    ],
)
def test_bad_input_is_refused_with_the_remedy(change, message):
    arguments = {"waveform": torch.ones(2, 8), "noise": torch.ones(2, 8), "snr": torch.zeros(2)} | change
    with pytest.raises(ValueError, match=message):
        add_noise(**arguments)
