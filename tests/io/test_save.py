import io
import subprocess
import sys

import numpy as np
import pytest
import soundfile
import torch

from sonovox._internal.errors import (
    ArgumentError,
    ClippingWarning,
    NonFiniteAudioError,
    UnsupportedAudioError,
    WriteError,
)
from sonovox.io import info, load, save

LOSSLESS = ["wav", "rf64", "w64", "aiff", "au", "caf"]


@pytest.mark.parametrize("format", LOSSLESS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_floats_come_back_exactly(wave, tmp_path, format, dtype):
    samples, path = wave(2, 70_000).to(dtype), tmp_path / f"a.{format}"
    save(path, samples, 44100)
    got, rate = soundfile.read(path, dtype="float64")
    assert rate == 44100
    assert np.array_equal(got.T, samples.double().numpy())


@pytest.mark.parametrize("format", [*LOSSLESS, "sph", "flac"])
@pytest.mark.parametrize(("dtype", "bits"), [(torch.uint8, 8), (torch.int16, 16), (torch.int32, 24)])
def test_integers_are_written_bit_for_bit(encoded, format, dtype, bits):
    levels = torch.randint(
        -(2 ** (bits - 1)), 2 ** (bits - 1), (2, 5000), generator=torch.Generator().manual_seed(bits)
    )
    samples = (levels + 128).to(dtype) if bits == 8 else (levels << (8 if bits == 24 else 0)).to(dtype)
    got, _ = soundfile.read(io.BytesIO(encoded(samples, format=format)), dtype="int32")
    assert np.array_equal(got.T, levels.numpy() << (32 - bits))


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_floats_are_rounded_to_the_nearest_level(wave, encoded, bits):
    samples = wave(1, 5000).double()
    got, _ = soundfile.read(io.BytesIO(encoded(samples, format="wav", bits_per_sample=bits)), dtype="float64")
    assert np.abs(got - samples[0].numpy()).max() <= 0.5 / 2 ** (bits - 1) + 1e-12


def test_loaded_16_bit_samples_survive_a_second_writing(encoded):
    samples = torch.arange(-(2**15), 2**15).to(torch.int16)[None]
    floats, _ = load(io.BytesIO(encoded(samples, format="wav")))
    again, _ = load(io.BytesIO(encoded(floats, format="wav", encoding="PCM_S")), normalize=False)
    assert torch.equal(again, samples)


def test_integers_become_floats_of_full_scale_one(encoded):
    data = encoded(torch.tensor([[-(2**15), 2**14]], dtype=torch.int16), format="wav", encoding="PCM_F")
    assert load(io.BytesIO(data))[0].tolist() == [[-1.0, 0.5]]


def test_int32_that_flac_cannot_hold_is_refused_unless_rounding_is_asked(encoded):
    samples = torch.tensor([[1, 2**30 + 129]], dtype=torch.int32)
    with pytest.raises(
        UnsupportedAudioError, match="flac holds 24 bits and these int32 samples use 32; give bits_per_sample"
    ):
        encoded(samples, format="flac")
    got, _ = soundfile.read(io.BytesIO(encoded(samples, format="flac", bits_per_sample=24)), dtype="int32")
    assert got.tolist() == [0, 2**30 + 256]


@pytest.mark.parametrize(("encoding", "tolerance"), [("ULAW", 0.02), ("ALAW", 0.02)])
def test_companding_keeps_what_its_steps_allow(wave, encoded, encoding, tolerance):
    got, _ = load(io.BytesIO(encoded(wave(), format="wav", encoding=encoding)))
    torch.testing.assert_close(got, wave(), rtol=0, atol=tolerance)


@pytest.mark.parametrize("format", ["ogg", "opus", "mp3"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.int16])
def test_lossy_formats_sound_like_the_signal(encoded, format, dtype):
    tone = 0.5 * torch.sin(2 * torch.pi * 440 * torch.arange(48000) / 16000)[None]
    samples = tone if dtype == torch.float32 else (tone * 32767).to(dtype)
    got, rate = load(io.BytesIO(encoded(samples, format=format)))
    assert (rate, got.shape) == (16000, (1, 48000))
    assert torch.nn.functional.cosine_similarity(got[:, 4000:44000], tone[:, 4000:44000]) > 0.99


@pytest.mark.parametrize(
    ("format", "smaller", "larger"), [("flac", 8, 0), ("ogg", 0, 10), ("mp3", 9, 0), ("mp3", 32, 128), ("opus", 8, 64)]
)
def test_compression_changes_the_size(shared_data, encoded, format, smaller, larger):
    speech, rate = load(shared_data / "recordings" / "two_cities.wav", 0, 160_000, sample_rate=16000, mono=True)
    small, large = (len(encoded(speech, rate, format=format, compression=c)) for c in (smaller, larger))
    assert small < large


@pytest.mark.parametrize(
    ("format", "kbits", "rate"), [("mp3", 64, 44100), ("mp3", 128, 44100), ("mp3", 32, 16000), ("opus", 24, 16000)]
)
def test_bit_rates_are_kept(encoded, format, kbits, rate):
    noise = 0.2 * torch.rand(1, 10 * rate, generator=torch.Generator().manual_seed(0))
    size = len(encoded(noise, rate, format=format, compression=kbits))
    assert size * 8 / 10 / 1000 == pytest.approx(kbits, rel=0.2)


def test_clipping_is_said_and_limited(encoded):
    loud = torch.tensor([[0.5, 1.5, -2.0, 1.0]])
    with pytest.warns(ClippingWarning, match=r"2 of 4 samples are beyond full scale \(peak 2\.000\)"):
        data = encoded(loud, format="wav", encoding="PCM_S")
    assert load(io.BytesIO(data), normalize=False)[0].tolist() == [[16384, 32767, -32768, 32767]]


def test_float_encodings_keep_what_is_beyond_full_scale(encoded):
    loud = torch.tensor([[0.5, 1.5, -2.0]])
    assert torch.equal(load(io.BytesIO(encoded(loud, format="wav")))[0], loud)


def test_nan_is_refused_where_it_cannot_be_written(encoded):
    samples = torch.tensor([[0.0, torch.nan, torch.inf]])
    with pytest.raises(NonFiniteAudioError, match="NaN or infinite samples: 2; replace them"):
        encoded(samples, format="flac")
    assert load(io.BytesIO(encoded(samples, format="wav")))[0].isnan().sum() == 1


@pytest.mark.parametrize("samples", [torch.zeros(100), torch.zeros(100, 1)])
def test_one_channel_may_have_no_axis_or_come_last(tmp_path, samples):
    save(tmp_path / "a.wav", samples, 8000, channels_first=samples.dim() == 1)
    assert info(tmp_path / "a.wav").num_frames == 100


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_written_as_float32(encoded, dtype):
    samples = torch.tensor([[0.5, -0.25]], dtype=dtype)
    assert load(io.BytesIO(encoded(samples, format="wav")))[0].tolist() == [[0.5, -0.25]]


def test_gradients_do_not_hinder(encoded):
    assert encoded(torch.zeros(1, 10, requires_grad=True), format="wav")


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (torch.zeros(2, 2, 2), r"must be \(channels, time\) or \(time,\), got shape \(2, 2, 2\)"),
        (torch.zeros(()), r"got shape \(\)"),
        (torch.zeros(0, 10), r"got shape \(0, 10\)"),
        (torch.zeros(1, 2, dtype=torch.int64), "must be float, uint8, int16 or int32, got int64"),
        (torch.zeros(1, 2, dtype=torch.complex64), "got complex64"),
        (np.zeros((1, 2)), "must be a tensor, got ndarray; torch.from_numpy"),
    ],
)
def test_what_is_no_signal_is_refused(encoded, samples, message):
    with pytest.raises(ArgumentError, match=message):
        encoded(samples, format="wav")


@pytest.mark.parametrize(
    ("format", "shape", "rate", "message"),
    [
        ("mp3", (3, 10), 16000, "mp3 has 1 to 2 channels, got 3 in time 10"),
        ("flac", (9, 10), 16000, "flac has 1 to 8 channels"),
        ("wav", (5000, 10), 16000, "check channels_first"),
        ("opus", (1, 10), 44100, "opus has sample rates 8000, 12000, 16000, 24000, 48000, got 44100; resample"),
        ("mp3", (1, 10), 96000, "mp3 has sample rates"),
        ("flac", (1, 0), 16000, "flac needs at least one sample"),
        ("mp3", (1, 0), 16000, "mp3 needs at least one sample"),
        ("flac", (1, 10), 2_000_000, "libsndfile refuses PCM_16 in FLAC with 1 channels at 2000000 Hz"),
    ],
)
def test_what_the_format_cannot_hold_is_refused(encoded, format, shape, rate, message):
    with pytest.raises(UnsupportedAudioError, match=message):
        encoded(torch.zeros(shape), rate, format=format)


def test_a_rate_must_be_positive(encoded):
    with pytest.raises(ArgumentError, match="sample_rate must be positive, got 0; give it in Hz"):
        encoded(torch.zeros(1, 10), 0, format="wav")


def test_a_target_must_be_a_path_or_a_file():
    with pytest.raises(ArgumentError, match="must be a path or a binary file-like object, got int"):
        save(7, torch.zeros(1, 10), 8000, format="wav")


def test_folders_are_made_and_no_other_file_is_left(wave, tmp_path):
    save(tmp_path / "new" / "a.flac", wave(), 16000)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.flac"]


def test_what_cannot_seek_can_be_written(wave):
    class Pipe(io.RawIOBase):
        content = b""

        def writable(self):
            return True

        def write(self, data):
            self.content += bytes(data)
            return len(data)

    pipe = Pipe()
    save(pipe, wave(), 16000, format="wav")
    assert torch.equal(load(io.BytesIO(pipe.content))[0], wave())


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"old")
    with pytest.raises(UnsupportedAudioError):
        save(path, torch.zeros(1, 10), 16000, encoding="PCM_S", bits_per_sample=8)
    with pytest.raises(WriteError, match="is a folder"):
        save(tmp_path, torch.zeros(1, 10), 16000, format="wav")
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("format", ["wav", "flac", "ogg"])
def test_a_full_disk_leaves_the_old_file(tmp_path, format):
    path = tmp_path / f"a.{format}"
    path.write_bytes(b"old")
    # A limit on the size of files fails a write as a full disk does, and needs no disk.
    program = f"""
import resource, signal, torch, sonovox
from sonovox._internal.errors import WriteError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
try:
    sonovox.save({str(path)!r}, torch.rand(1, 200000) - 0.5, 16000)
except WriteError as error:
    print(error)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert f"cannot write {path}" in result.stdout
    assert "nothing was changed there" in result.stdout
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


def test_a_wav_above_4_gb_becomes_rf64(monkeypatch, encoded):
    # `sonovox.io.save` is the function; the module is only in sys.modules.
    monkeypatch.setattr(sys.modules["sonovox.io.save"], "_WAV_LIMIT", 1000)
    data = encoded(torch.zeros(1, 1000), format="wav")
    assert data[:4] == b"RF64"
    assert load(io.BytesIO(data))[0].shape == (1, 1000)
