import numpy as np
import pytest
import torch

from sonovox.dsp.resample import resample
from sonovox.dsp.speed import Speed, SpeedPerturbation, speed


def noise(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("kind", "name"), [("functional", "speed"), ("transforms", "Speed"), ("transforms", "SpeedPerturbation")]
)
def test_equals_torchaudio_with_its_lengths_and_gradient(torchaudio_calls, torchaudio_reference, kind, name):
    arrays = np.load(torchaudio_reference / kind / f"{name}.npz")
    for call, inputs, expected, _ in torchaudio_calls(kind, name):
        leaf = inputs["waveform"].requires_grad_()
        lengths = inputs["lengths"].long() if "lengths" in inputs else None
        function = (
            speed
            if name == "speed"
            else {"Speed": Speed, "SpeedPerturbation": SpeedPerturbation}[name](**call["constructor"])
        )
        result, new_lengths = function(leaf, lengths=lengths, **call["kwargs"])
        torch.testing.assert_close(result.detach(), expected, rtol=1e-6, atol=1e-7)  # it made the filter in float32
        if lengths is None:
            assert new_lengths is None
        else:
            assert torch.equal(new_lengths, torch.from_numpy(arrays[f"{call['id']}.out64.1"]))
        if f"{call['id']}.grad.waveform" in arrays:
            (
                result * torch.cos(0.37 * torch.arange(result.numel(), dtype=torch.float64).view(result.shape) + 0.1)
            ).sum().backward()
            slope = torch.from_numpy(arrays[f"{call['id']}.grad.waveform"]).double()
            torch.testing.assert_close(leaf.grad, slope, rtol=1e-6, atol=1e-6)  # some are stored in float32


def test_a_tone_is_higher_by_the_factor():
    time = torch.arange(4000, dtype=torch.float64)
    faster, _ = speed(torch.sin(0.2 * time), 16000, 1.25, resampling_method="hq")
    torch.testing.assert_close(faster[300:-300], torch.sin(0.25 * time[:3200])[300:-300], rtol=0, atol=1e-5)


def test_a_factor_that_binary_numbers_miss_is_rounded_to_whole_hertz():
    wave = noise(500)
    assert int(1.14 * 22050) == 25136  # cut off, with a filter of 25136 / 2 phases
    faster, lengths = speed(wave, 22050, 1.14, torch.tensor(456))
    assert torch.equal(faster, resample(wave, 57, 50, resampling_method="sinc_interp_hann"))
    assert lengths == 400


def test_lengths_are_those_of_each_item_alone():
    lengths = torch.arange(1, 60)
    _, new_lengths = speed(noise(59, 60), 16000, 0.9, lengths)
    assert new_lengths.tolist() == [speed(noise(n), 16000, 0.9)[0].shape[-1] for n in lengths.tolist()]


def test_perturbation_draws_all_its_factors_and_obeys_the_seed():
    perturb, wave = SpeedPerturbation(16000, [0.5, 1.0, 2.0]), noise(40)
    torch.manual_seed(0)
    drawn = [perturb(wave)[0].shape[-1] for _ in range(30)]
    torch.manual_seed(0)
    assert drawn == [perturb(wave)[0].shape[-1] for _ in range(30)]
    assert set(drawn) == {20, 40, 80}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: speed(torch.ones(8), 16000, 0.0), "factor must be positive, got 0.0; give it as a ratio"),
        (lambda: Speed(16000, -1.0), "factor must be positive, got -1.0"),
        (lambda: speed(torch.ones(8), -16000, 1.1), "orig_freq must be positive, got -16000; give it in Hz"),
        (lambda: speed(torch.ones(2, 8), 16000, 1.1, torch.tensor(8)), r"lengths must have shape \(2,\), one for each"),
        (lambda: SpeedPerturbation(16000, []), "factors must have at least one factor, got none"),
        (lambda: speed(torch.ones(8).short(), 16000, 1.1), "waveform must be floating point, got int16"),
    ],
)
def test_bad_input_is_refused_with_the_remedy(call, message):
    with pytest.raises(ValueError, match=message):
        call()
