import io
import tracemalloc

import pytest
import soundfile
import torch

from sonovox._internal.errors import ArgumentError, NonFiniteAudioError, ShortAudioError, ShortAudioWarning
from sonovox.dsp.resample import resample
from sonovox.io import load


@pytest.mark.parametrize(
    ("dtype", "low", "high"), [(torch.uint8, 0, 256), (torch.int16, -(2**15), 2**15), (torch.int32, -(2**31), 2**31)]
)
def test_integers_of_a_wav_can_be_kept(encoded, dtype, low, high):
    samples = torch.randint(low, high, (2, 1000), generator=torch.Generator().manual_seed(0)).to(dtype)
    data = encoded(samples, format="wav")
    got, _ = load(io.BytesIO(data), normalize=False)
    assert got.dtype == dtype
    assert torch.equal(got, samples)
    assert load(io.BytesIO(data))[0].dtype == torch.float32
    assert torch.equal(load(io.BytesIO(data), 10, 5, normalize=False)[0], samples[:, 10:15])


def test_24_bit_samples_come_as_int32_shifted_left(encoded):
    samples = torch.randint(-(2**23), 2**23, (1, 1000), generator=torch.Generator().manual_seed(0)).to(torch.int32) << 8
    got, _ = load(io.BytesIO(encoded(samples, format="wav", bits_per_sample=24)), normalize=False)
    assert torch.equal(got, samples)


def test_float_wavs_keep_their_type_without_normalize(wave, encoded):
    doubles = wave().double()
    assert torch.equal(load(io.BytesIO(encoded(doubles, format="wav")), normalize=False)[0], doubles)


def test_normalize_has_no_effect_on_other_formats(wave, encoded):
    data = encoded(wave(), format="flac")
    assert torch.equal(load(io.BytesIO(data), normalize=False)[0], load(io.BytesIO(data))[0])


def test_an_empty_wav_has_no_samples_and_its_own_type(encoded):
    data = encoded(torch.zeros(2, 0, dtype=torch.int16), format="wav")
    assert load(io.BytesIO(data))[0].shape == (2, 0)
    assert load(io.BytesIO(data), normalize=False)[0].dtype == torch.int16


def test_channels_can_come_last(wave, encoded):
    data = encoded(wave(3, 100), format="wav")
    got, _ = load(io.BytesIO(data), channels_first=False)
    assert got.shape == (100, 3)
    assert got.is_contiguous()
    assert torch.equal(got.T, load(io.BytesIO(data))[0])


@pytest.mark.parametrize("format", ["wav", "flac"])
def test_mono_is_the_mean(wave, encoded, format):
    data = encoded(wave(3, 5000), format=format)
    got, _ = load(io.BytesIO(data), mono=True)
    torch.testing.assert_close(got, load(io.BytesIO(data))[0].mean(0, keepdim=True), rtol=0, atol=1e-7)


def test_resamples_on_load(wave, encoded):
    data = encoded(wave(2, 44100), 44100, format="wav")
    got, rate = load(io.BytesIO(data), sample_rate=16000)
    assert rate == 16000
    assert torch.equal(got, resample(load(io.BytesIO(data))[0], 44100, 16000))
    assert load(io.BytesIO(data), 100, 4410, sample_rate=16000)[0].shape == (2, 1600)


def test_the_files_own_rate_is_no_resampling(wave, encoded):
    data = encoded(wave(), 16000, format="wav")
    assert torch.equal(load(io.BytesIO(data), sample_rate=16000)[0], load(io.BytesIO(data))[0])


@pytest.mark.parametrize("options", [{"mono": True}, {"sample_rate": 8000}])
def test_kept_integers_exclude_arithmetic(wave, encoded, options):
    with pytest.raises(ArgumentError, match="normalize=False keeps the samples as they are"):
        load(io.BytesIO(encoded(wave(), format="wav")), normalize=False, **options)


def test_a_rate_must_be_positive(wave, encoded):
    with pytest.raises(ArgumentError, match="sample_rate must be positive, got -1"):
        load(io.BytesIO(encoded(wave(), format="wav")), sample_rate=-1)


def test_a_cut_wav_raises_or_gives_what_is_there(wave, encoded, tmp_path):
    path = tmp_path / "cut.wav"
    path.write_bytes(encoded(wave(1, 1000), format="wav")[:2000])
    with pytest.raises(
        ShortAudioError, match=r"cut\.wav ends before its header says: \d+ of 1000 samples are there; copy"
    ):
        load(path)
    with pytest.warns(ShortAudioWarning, match=r"cut\.wav"):
        got, _ = load(path, on_short="warn")
    assert torch.equal(got, wave(1, 1000)[:, : got.shape[1]])
    assert 400 < got.shape[1] < 500
    assert load(path, 0, 400)[0].shape == (1, 400)


def test_nan_is_found_only_when_asked(wave, tmp_path):
    samples = wave(2, 16000)
    samples[1, 8000] = torch.nan
    path = tmp_path / "nan.wav"
    soundfile.write(path, samples.T.numpy(), 16000, subtype="FLOAT")
    assert load(path)[0].isnan().sum() == 1
    with pytest.raises(
        NonFiniteAudioError, match=r"nan\.wav has NaN or infinite samples: 1, the first at 0\.500 s in channel 1"
    ):
        load(path, check=True)
    with pytest.raises(NonFiniteAudioError, match=r"0\.500 s"):
        load(path, 7000, 2000, check=True)


def test_memory_follows_the_file_and_not_its_header(wave, encoded):
    data = bytearray(encoded(wave(2, 20000), format="flac"))
    data[21] |= 0x0F  # the upper four bits of the 36 that count samples
    data[22:26] = b"\xff" * 4
    tracemalloc.start()
    with pytest.raises(ShortAudioError, match=f"20000 of {2**36 - 1} samples"):
        load(io.BytesIO(bytes(data)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6


def test_more_samples_than_bytes_make_the_array_grow(encoded):
    silence = torch.zeros(1, 4_000_000)
    data = encoded(silence, format="flac")
    assert len(data) < 200_000
    assert torch.equal(load(io.BytesIO(data))[0], silence)


@pytest.mark.parametrize(("channels", "sample_rate", "frames"), [(8, 16000, 100), (1, 192000, 1000), (1, 16000, 48)])
def test_unusual_shapes_load(wave, encoded, channels, sample_rate, frames):
    for format in ("wav", "flac"):
        got, rate = load(io.BytesIO(encoded(wave(channels, frames), sample_rate, format=format)))
        assert (tuple(got.shape), rate) == ((channels, frames), sample_rate)


def test_real_recordings_load(shared_data):
    for path in (
        *sorted((shared_data / "librispeech").rglob("*.flac"))[:3],
        shared_data / "recordings" / "two_cities.wav",
    ):
        expected, rate = soundfile.read(path, dtype="float32", always_2d=True)
        got, got_rate = load(path, check=True)
        assert got_rate == rate
        assert torch.equal(got, torch.from_numpy(expected).T)


def test_a_damaged_flac_gives_what_came_before_the_damage(encoded):
    """Of one channel, which is decoded into its place; the samples before are those of the whole file."""
    signal = torch.rand(1, 400_000, generator=torch.Generator().manual_seed(0)) - 0.5
    data = bytearray(encoded(signal, format="flac"))
    whole = load(io.BytesIO(bytes(data)))[0]
    data = data[: len(data) * 3 // 4]
    with pytest.raises(ShortAudioError):
        load(io.BytesIO(bytes(data)))
    with pytest.warns(ShortAudioWarning):
        there = load(io.BytesIO(bytes(data)), on_short="warn")[0]
    assert 280_000 < there.shape[1] < 300_001
    assert torch.equal(there, whole[:, : there.shape[1]])
    assert torch.equal(load(io.BytesIO(bytes(data)), 270_000, 5000)[0], whole[:, 270_000:275_000])
