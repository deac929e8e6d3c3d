import json

import numpy as np
import pytest
import torch

from sonovox._internal.errors import SonovoxWarning
from sonovox.dsp.mel import MelScale, create_fb_matrix, hz_to_mel, mel_to_hz, melscale_fbanks


@pytest.mark.parametrize("mel_scale", ["htk", "slaney"])
def test_mel_and_back(mel_scale):
    hz = np.array([0.0, 1.0, 440.0, 999.999, 1000.0, 1000.001, 8000.0, 96000.0])
    np.testing.assert_allclose(mel_to_hz(hz_to_mel(hz, mel_scale), mel_scale), hz, rtol=1e-12, atol=1e-9)


def test_known_points_of_the_scales():
    assert float(hz_to_mel(700.0)) == pytest.approx(2595 * np.log10(2))
    assert float(hz_to_mel(6400.0, "slaney")) == pytest.approx(15 + 27)  # 27 steps for a factor of 6.4
    assert float(hz_to_mel(200.0, "slaney")) == pytest.approx(3.0)


def by_definition(n_freqs, f_min, f_max, n_mels, sample_rate, mel_scale):
    """Each weight as the value of a triangle at the frequency of its bin."""
    low, high = hz_to_mel(f_min, mel_scale), hz_to_mel(f_max, mel_scale)
    corners = [float(mel_to_hz(low + (high - low) * i / (n_mels + 1), mel_scale)) for i in range(n_mels + 2)]
    bins = [k * sample_rate / 2 / (n_freqs - 1) for k in range(n_freqs)]
    return np.array([[np.interp(f, corners[m : m + 3], [0, 1, 0]) for m in range(n_mels)] for f in bins])


@pytest.mark.parametrize("mel_scale", ["htk", "slaney"])
@pytest.mark.parametrize(
    ("n_freqs", "f_min", "f_max", "n_mels", "rate"), [(201, 0, 8000, 40, 16000), (257, 60, 4000, 23, 11025)]
)
def test_filters_are_triangles(mel_scale, n_freqs, f_min, f_max, n_mels, rate):
    ours = melscale_fbanks(n_freqs, f_min, f_max, n_mels, rate, mel_scale=mel_scale, dtype=torch.float64)
    np.testing.assert_allclose(ours.numpy(), by_definition(n_freqs, f_min, f_max, n_mels, rate, mel_scale), atol=1e-12)


def test_slaney_filters_are_librosas():
    # librosa.filters.mel(sr=16000, n_fft=64, n_mels=4), 0.11: bins 0 to 9 of the first two filters.
    librosa = [
        [0.0, 0.0006698, 0.0013396, 0.00124231, 0.0006051, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.00027191, 0.00073521, 0.00116129, 0.00088615, 0.000611, 0.00033586, 0.00006072],
    ]
    ours = melscale_fbanks(33, 0.0, 8000.0, 4, 16000, norm="slaney", mel_scale="slaney", dtype=torch.float64)
    np.testing.assert_allclose(ours[:10, :2].T.numpy(), librosa, atol=6e-9)


@pytest.mark.parametrize("htk", [True, False])
@pytest.mark.parametrize("norm", [None, "slaney"])
def test_equals_librosa_where_it_is_installed(htk, norm):
    librosa = pytest.importorskip("librosa", reason="librosa is an optional oracle")
    theirs = librosa.filters.mel(
        sr=22050, n_fft=1024, n_mels=80, fmin=20, fmax=8000, htk=htk, norm=norm, dtype=np.float64
    )
    ours = melscale_fbanks(513, 20, 8000, 80, 22050, norm, "htk" if htk else "slaney", dtype=torch.float64)
    np.testing.assert_allclose(ours.T.numpy(), theirs, rtol=1e-12, atol=1e-15)


@pytest.mark.filterwarnings("ignore::sonovox._internal.errors.SonovoxWarning")
def test_equals_torchaudio(torchaudio_reference):
    folder = torchaudio_reference / "functional"
    arrays = np.load(folder / "melscale_fbanks.npz")
    for call in json.loads((folder / "melscale_fbanks.json").read_text())["calls"]:
        ours = melscale_fbanks(**call["kwargs"], dtype=torch.float64)
        np.testing.assert_allclose(ours.numpy(), arrays[f"{call['id']}.out64.0"], rtol=1e-9, atol=1e-12)


def test_module_equals_torchaudio(torchaudio_calls, float64_default):
    for call, inputs, expected, _ in torchaudio_calls("transforms", "MelScale"):
        torch.testing.assert_close(MelScale(**call["constructor"])(inputs["specgram"]), expected, rtol=1e-9, atol=1e-12)


def test_the_older_name_is_the_same_function():
    assert create_fb_matrix is melscale_fbanks


def test_usual_filters_do_not_warn():
    for n_mels, n_freqs, scale in ((80, 201, "slaney"), (128, 201, "slaney"), (40, 201, "htk"), (80, 513, "htk")):
        assert melscale_fbanks(n_freqs, 0.0, 8000.0, n_mels, 16000, "slaney", scale).amax(0).gt(0).all()


def test_empty_filters_are_named_in_one_warning():
    message = (
        r"4 of 128 mel filters are empty: .*; no bin of the spectrum, one every 40.0 Hz, .* lower n_mels or raise n_fft"
    )
    with pytest.warns(SonovoxWarning, match=message) as caught:
        bank = MelScale().fb
    assert len(caught) == 1
    named = [int(word) for word in str(caught[0].message).split(": ")[1].split(";")[0].split(", ")]
    assert bank.amax(0).eq(0).nonzero()[:, 0].tolist() == named


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"f_min": 5000.0, "f_max": 4000.0}, r"f_min must be at least 0 and below f_max=4000.0, got 5000.0"),
        ({"n_mels": 0}, "n_mels must be positive, got 0"),
        ({"norm": "area"}, "norm must be one of slaney, got 'area'"),
        ({"mel_scale": "slany"}, "mel_scale must be one of htk, slaney, got 'slany'; did you mean slaney"),
    ],
)
def test_arguments_that_cannot_be_used_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        MelScale(**{"n_mels": 20} | arguments)


def test_another_number_of_bins_is_refused():
    with pytest.raises(ValueError, match=r"\(\.\.\., n_stft=201, frames\), got \(2, 257, 9\); set n_stft"):
        MelScale(n_mels=20)(torch.zeros(2, 257, 9))
