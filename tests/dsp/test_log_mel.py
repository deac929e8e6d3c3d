import numpy as np
import pytest
import torch

from sonovox.dsp.log_mel import (
    LogMelSpectrogram,
    log10_mel,
    log10_mel_blocks,
    log_mel_of_stream,
    log_mel_spectrogram,
    whisper_scale,
)
from sonovox.dsp.mel import melscale_fbanks


def noise(*shape):
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def chirp_with_a_silent_end():
    n = np.arange(16000)
    return torch.from_numpy(0.3 * np.sin(2 * np.pi * (100 * n / 16000 + 1500 * (n / 16000) ** 2)) * (n < 12000)).float()


def by_definition(wave, n_mels=80):
    """Whisper's features in float64, a frame at a time."""
    padded = np.pad(wave.double().numpy(), 200, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    frames = [padded[start : start + 400] * window for start in range(0, len(padded) - 400 + 1, 160)][:-1]
    power = np.stack([np.abs(np.fft.rfft(frame)) ** 2 for frame in frames], axis=1)
    filters = melscale_fbanks(201, 0.0, 8000.0, n_mels, 16000, "slaney", "slaney", dtype=torch.float64).numpy()
    log_mel = np.log10(np.maximum(filters.T @ power, 1e-10))
    return (np.maximum(log_mel, log_mel.max() - 8) + 4) / 4


def test_is_what_openai_whisper_gives():
    # whisper.log_mel_spectrogram, version 20250625, which equals transformers' WhisperFeatureExtractor here.
    expected = [
        [1.2556, 0.7622, -0.6638, -0.6638, -0.2975, 0.1871, -0.6638],
        [0.3952, -0.1297, 0.0010, -0.6638, -0.2614, 0.2279, -0.6638],
        [0.0919, -0.4101, -0.4863, -0.5101, -0.1591, 0.3341, -0.6638],
        [-0.1632, -0.6638, -0.6638, -0.6638, 1.2520, 1.1517, -0.6638],
        [-0.3909, -0.6638, -0.6638, -0.6638, -0.2016, 0.3009, -0.6638],
    ]
    ours = log_mel_spectrogram(chirp_with_a_silent_end())
    torch.testing.assert_close(ours[::16, [0, 1, 25, 50, 74, 75, 99]], torch.tensor(expected), rtol=0, atol=6e-5)


@pytest.mark.parametrize("n_mels", [80, 128])
@pytest.mark.parametrize("time", [201, 1600, 16001, 40000])
def test_equals_the_definition(n_mels, time):
    wave = noise(time)
    ours = log_mel_spectrogram(wave.double(), n_mels)
    np.testing.assert_allclose(ours.numpy(), by_definition(wave, n_mels), atol=1e-9)
    # float32 loses digits only where a bin is far below the loudest of its frame.
    np.testing.assert_allclose(log_mel_spectrogram(wave, n_mels).numpy(), ours.numpy(), atol=1e-4)


def test_equals_transformers_where_it_is_installed():
    transformers = pytest.importorskip("transformers", reason="transformers is an optional oracle")
    extractor = transformers.WhisperFeatureExtractor()
    wave = chirp_with_a_silent_end()
    theirs = torch.from_numpy(extractor(wave.numpy(), sampling_rate=16000, return_tensors="np")["input_features"][0])
    # Both are up to 4e-5 away from float64, in bins eight decades below the loudest of their frame.
    torch.testing.assert_close(log_mel_spectrogram(wave, padding=480000 - 16000), theirs, rtol=0, atol=1e-4)


def test_the_maximum_is_that_of_each_item():
    quiet, loud = 1e-3 * noise(8000), noise(8000)
    batch = log_mel_spectrogram(torch.stack([quiet, loud]))
    assert torch.equal(batch[0], log_mel_spectrogram(quiet))
    assert torch.equal(batch[1], log_mel_spectrogram(loud))


def test_padding_appends_silence():
    wave = noise(5000)
    silence = torch.zeros(11000)
    torch.testing.assert_close(
        log_mel_spectrogram(wave, padding=11000), log_mel_spectrogram(torch.cat((wave, silence)))
    )
    torch.testing.assert_close(LogMelSpectrogram(padding=11000)(wave), log_mel_spectrogram(wave, padding=11000))


@pytest.mark.parametrize("block", [1, 159, 160, 999, 20000, 100000])
@pytest.mark.parametrize("time", [201, 480, 20879, 20880, 20881, 61234])
def test_blocks_give_the_whole(block, time):
    if block == 1 and time > 500:
        block = 7
    wave = noise(time)
    joined = torch.cat(list(log10_mel_blocks(wave.split(block))), dim=-1)
    # Products of other shapes sum in another order: a few units in the last place.
    torch.testing.assert_close(joined, log10_mel(wave), rtol=1e-5, atol=2e-6)
    torch.testing.assert_close(log_mel_of_stream(wave.split(block)), log_mel_spectrogram(wave), rtol=0, atol=2e-6)


def test_blocks_may_be_empty_and_have_channels():
    wave = noise(2, 30000)
    blocks = [wave[:, :0], wave[:, :25000], wave[:, 25000:25000], wave[:, 25000:]]
    torch.testing.assert_close(torch.cat(list(log10_mel_blocks(blocks)), -1), log10_mel(wave), rtol=1e-5, atol=2e-6)


def test_a_stream_holds_little_of_the_signal():
    blocks = log10_mel_blocks(torch.zeros(4000) for _ in range(100))
    next(blocks)
    held = blocks.gi_frame.f_locals["held"]
    next(blocks)
    assert sum(piece.shape[-1] for piece in held) < 30000


@pytest.mark.parametrize("features", [log_mel_spectrogram, lambda wave: log_mel_of_stream(wave.split(50))])
def test_too_short_a_signal_is_refused(features):
    with pytest.raises(ValueError, match=r"at least 201 samples .* got 200"):
        features(torch.zeros(200))


def test_an_empty_stream_is_refused():
    with pytest.raises(ValueError, match=r"at least 201 samples .* got 0"):
        log_mel_of_stream([])


def test_scaling_needs_a_frame():
    with pytest.raises(ValueError, match=r"\(\.\.\., n_mels, frames\) with at least one frame, got \(80, 0\)"):
        whisper_scale(torch.zeros(80, 0))


def test_silence_is_minus_one_and_a_half():
    assert log_mel_spectrogram(torch.zeros(1600)).eq(-1.5).all()
