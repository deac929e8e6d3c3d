import copy
import inspect

import pytest
import torch

from sonovox.dsp.mel_spectrogram import MelSpectrogram, mel_spectrogram
from sonovox.dsp.spectrogram import Spectrogram


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.filterwarnings("ignore::sonovox._internal.errors.SonovoxWarning")
def test_equals_torchaudio(torchaudio_calls, constructor_arguments, float64_default):
    for call, inputs, expected, _ in torchaudio_calls("transforms", "MelSpectrogram"):
        module = MelSpectrogram(**constructor_arguments(call["constructor"]))
        ours = module(inputs["waveform"])
        torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-11, msg=lambda text, call=call: f"{call}: {text}")


def test_function_and_module_have_the_same_arguments_and_numbers():
    of_function = list(inspect.signature(mel_spectrogram).parameters.values())[1:]
    assert [(p.name, p.default) for p in of_function] == [
        (p.name, p.default) for p in inspect.signature(MelSpectrogram).parameters.values()
    ]
    arguments = {"n_fft": 512, "win_length": 300, "n_mels": 30, "pad": 9, "power": 1.0, "normalized": True}
    torch.testing.assert_close(
        mel_spectrogram(noise(2, 4000), **arguments), MelSpectrogram(**arguments)(noise(2, 4000))
    )


def test_is_the_mel_scale_of_the_spectrogram():
    module, wave = MelSpectrogram(n_mels=40), noise(3, 9000)
    expected = module.mel_scale(Spectrogram()(wave))
    torch.testing.assert_close(module(wave), expected, rtol=1e-5, atol=1e-4)


def test_state_has_torchaudios_names():
    assert list(MelSpectrogram(n_mels=40).state_dict()) == ["spectrogram.window", "mel_scale.fb"]


def test_filters_that_are_loaded_later_are_used():
    module, wave = MelSpectrogram(n_mels=40), noise(4000)
    before = module(wave)
    state = module.state_dict()
    module.load_state_dict(state | {"mel_scale.fb": 2 * state["mel_scale.fb"]})
    torch.testing.assert_close(module(wave), 2 * before)


def test_a_copy_and_another_dtype_work():
    module, wave = MelSpectrogram(n_mels=40), noise(4000)
    expected = module(wave)
    torch.testing.assert_close(copy.deepcopy(module)(wave), expected)
    torch.testing.assert_close(module.double()(wave.double()).float(), expected, rtol=1e-4, atol=1e-3)


def test_the_upper_half_of_the_spectrum_is_refused():
    with pytest.raises(ValueError, match="onesided=False has no mel filters"):
        MelSpectrogram(n_mels=40, onesided=False)
