import numpy as np
import pytest
import scipy.fft
import torch

from sonovox.dsp.mel_spectrogram import MelSpectrogram
from sonovox.dsp.mfcc import MFCC, create_dct, mfcc

FEWER = {"n_mels": 40}  # than the default, of which a transform of 400 samples leaves some empty


def noise(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("norm", ["ortho", None])
def test_the_matrix_is_scipys_transform(norm, float64_default):
    features = noise(7, 40)
    expected = scipy.fft.dct(features.numpy(), type=2, norm=norm)[:, :13]
    torch.testing.assert_close(features @ create_dct(13, 40, norm), torch.from_numpy(expected))


def test_the_matrix_equals_torchaudios(torchaudio_reference, float64_default):
    arrays = np.load(torchaudio_reference / "functional" / "create_dct.npz")
    for key, arguments in (("c0", (13, 40, None)), ("c1", (20, 23, "ortho"))):
        expected = torch.from_numpy(arrays[f"{key}.out64.0"])
        torch.testing.assert_close(create_dct(*arguments), expected, rtol=0, atol=1e-12)


def test_is_the_transform_of_decibels_of_mels():
    wave, settings = noise(3000), {"n_fft": 256, "hop_length": 100, "n_mels": 30}
    decibels = 10 * MelSpectrogram(**settings).double()(wave).clamp(min=1e-10).log10()
    decibels = decibels.clamp(min=decibels.max().item() - 80)
    expected = scipy.fft.dct(decibels.numpy(), type=2, norm="ortho", axis=0)[:12]
    ours = MFCC(n_mfcc=12, melkwargs=settings).double()(wave)
    # The float32 filters of the module before .double(), against themselves; its matrix is float32, too.
    torch.testing.assert_close(ours, torch.from_numpy(expected), rtol=1e-5, atol=1e-4)


def test_equals_torchaudio(torchaudio_calls, constructor_arguments, float64_default):
    for call, inputs, expected, _ in torchaudio_calls("transforms", "MFCC"):
        arguments = call["constructor"]
        melkwargs = constructor_arguments(arguments["melkwargs"])
        for ours in (
            MFCC(**{**arguments, "melkwargs": melkwargs})(inputs["waveform"]),
            mfcc(inputs["waveform"], **{**arguments, "melkwargs": melkwargs}),
        ):
            torch.testing.assert_close(ours, expected, rtol=1e-8, atol=1e-8)


def test_the_range_is_that_of_each_signal_where_torchaudio_takes_the_batch():
    quiet, loud = 1e-6 * noise(4000), noise(4000)
    both = mfcc(torch.stack((quiet, loud)), melkwargs=FEWER)
    torch.testing.assert_close(both[0], mfcc(quiet, melkwargs=FEWER))


def test_many_signals_are_worked_on_in_groups_that_do_not_show():
    wave = noise(7, 100000).float()
    op = MFCC(melkwargs=FEWER)
    torch.testing.assert_close(op(wave)[6], op(wave[6]))


def test_the_state_has_torchaudios_names():
    assert sorted(MFCC(melkwargs=FEWER).state_dict()) == [
        "MelSpectrogram.mel_scale.fb",
        "MelSpectrogram.spectrogram.window",
        "dct_mat",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_mfcc": 50, "melkwargs": {"n_mels": 40}}, "n_mfcc must be at most n_mels=40, got 50; lower it, or raise"),
        ({"dct_type": 3, "melkwargs": FEWER}, "dct_type must be 2, got 3"),
        ({"norm": "orto", "melkwargs": FEWER}, "norm must be one of ortho, got 'orto'; did you mean ortho"),
    ],
)
def test_arguments_that_cannot_be_used_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        MFCC(**arguments)
