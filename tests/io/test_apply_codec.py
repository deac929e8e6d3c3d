import json

import numpy as np
import pytest
import torch

from sonovox.io.apply_codec import apply_codec


def tone(*leading, time=4000, rate=8000):
    wave = 0.5 * torch.sin(2 * torch.pi * 440 / rate * torch.arange(time))
    return wave.expand(*leading, time).contiguous()


def test_equals_torchaudio_on_what_the_encoding_rounds(torchaudio_reference):
    folder = torchaudio_reference / "v010"
    arrays = np.load(folder / "only_in_010.npz")
    calls = json.loads((folder / "only_in_010.json").read_text())
    for name in ("apply_codec.0", "apply_codec.1", "apply_codec.2"):  # companded, 8 bit and 16 bit
        wave = torch.from_numpy(arrays[f"{name}.in.waveform"])
        found = apply_codec(wave, **calls[name]["kwargs"])
        # One step: SoX cuts to it where we round to the nearest.
        step = {"apply_codec.0": 2**-5, "apply_codec.1": 2**-7, "apply_codec.2": 2**-15}[name]
        torch.testing.assert_close(found, torch.from_numpy(arrays[f"{name}.out.0"]), rtol=0, atol=step)


@pytest.mark.parametrize(
    ("format", "closeness"), [("mp3", 0.05), ("ogg", 0.05), ("opus", 0.08), ("flac", 2**-15), ("wav", 0.0)]
)
def test_every_format_gives_back_about_the_same_at_its_place(format, closeness):
    wave = tone(1)
    decoded = apply_codec(wave, 8000, format)
    assert decoded.shape == wave.shape
    # Edges ring; between them a shift by one sample would make a difference of 0.17.
    assert (decoded - wave)[:, 500:-500].abs().max() <= closeness


def test_shapes_and_dtypes_are_kept():
    wave = tone(2, 3)
    assert apply_codec(wave, 8000, "wav").shape == wave.shape
    assert apply_codec(wave[0].T, 8000, "ogg", channels_first=False).shape == (4000, 3)
    assert apply_codec(wave[0, 0], 8000, "mp3").shape == (4000,)
    assert apply_codec(wave[:0], 8000, "wav").shape == (0, 3, 4000)
    assert apply_codec(wave.double(), 8000, "wav", encoding="ULAW").dtype == torch.float64
    assert apply_codec(wave[0].half(), 8000, "flac").dtype == torch.float16


def test_leading_dimensions_are_a_loop_over_items():
    waves = torch.stack([tone(2), 0.1 * tone(2)])
    assert torch.equal(apply_codec(waves, 8000, "mp3")[1], apply_codec(waves[1], 8000, "mp3"))


def test_compression_changes_what_comes_back():
    wave = tone(1) + 0.1 * torch.randn(1, 4000, generator=torch.Generator().manual_seed(0))
    errors = [(apply_codec(wave, 8000, "ogg", compression=quality) - wave).square().sum() for quality in (0, 10)]
    assert errors[0] > 2 * errors[1]


def test_input_is_left_as_it_was_and_gets_no_gradient():
    wave = tone(1).requires_grad_()
    before = wave.detach().clone()
    assert not apply_codec(wave, 8000, "wav", encoding="ULAW").requires_grad
    assert torch.equal(wave.detach(), before)


def test_bad_input_is_refused_with_the_remedy():
    with pytest.raises(ValueError, match="format 'gsm'; possible formats: aiff, au"):
        apply_codec(tone(1), 8000, "gsm")
    with pytest.raises(ValueError, match=r"must be floating point, got int16; convert it, for example x.float\(\)"):
        apply_codec(tone(1).short(), 8000, "wav")
    with pytest.raises(ValueError, match="mp3 has sample rates 8000, 11025"):
        apply_codec(tone(1), 8001, "mp3")
