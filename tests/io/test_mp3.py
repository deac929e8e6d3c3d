import io

import pytest
import soundfile
import torch

from sonovox._internal.errors import ShortAudioError, ShortAudioWarning
from sonovox.io import info, load, save
from sonovox.io.mp3 import CountedMp3, count_mp3
from sonovox.io.source import open_source

FRAME = 1152  # samples at 44.1 kHz


def frames(data: bytes) -> list[int]:
    """Where the frames of an MPEG-1 Layer III file at 44.1 kHz begin: a reference of its own."""
    kbits = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
    at, found = 0, []
    while at + 4 <= len(data):
        found.append(at)
        at += 144_000 * kbits[data[at + 2] >> 4] // 44100 + (data[at + 2] >> 1 & 1)
    return found


@pytest.fixture(scope="module")
def variable():
    """Ten seconds at 44.1 kHz, silent at first: a variable bit rate starts low."""
    signal = 0.4 * torch.rand(1, 441_000, generator=torch.Generator().manual_seed(0))
    signal[:, :150_000] *= 0.001
    file = io.BytesIO()
    save(file, signal, 44100, format="mp3", compression=3)
    return file.getvalue()


@pytest.fixture
def uncounted(variable):
    """The same without the frame that tells how many follow."""
    return variable[frames(variable)[1] :]


def test_a_file_with_a_count_has_its_exact_length(variable):
    assert load(io.BytesIO(variable))[0].shape == (1, 441_000)


def test_without_a_count_every_frame_is_read(uncounted):
    count = len(frames(uncounted))
    got = load(io.BytesIO(uncounted))[0]
    # The decoder's delay of 529 samples is trimmed at the start.
    assert got.shape[1] == count * FRAME - 529
    assert info(io.BytesIO(uncounted)).num_frames == got.shape[1]
    # The defect that this cures: libsndfile alone goes by the bit rate of the first frame.
    assert abs(soundfile.info(io.BytesIO(uncounted)).frames - got.shape[1]) > 0.2 * got.shape[1]


def test_without_a_count_the_samples_are_those_of_the_file_with_one(variable, uncounted):
    whole, same = load(io.BytesIO(variable))[0], load(io.BytesIO(uncounted))[0]
    lag = next(lag for lag in range(1106) if (same[:, 200_000 + lag] - whole[:, 200_000]).abs() < 1e-6)
    torch.testing.assert_close(same[:, lag : lag + 400_000], whole[:, :400_000], rtol=0, atol=1e-5)


def test_joined_files_are_read_to_the_end(variable):
    joined = variable + variable
    got = load(io.BytesIO(joined))[0]
    assert got.shape[1] > 2 * 441_000
    assert soundfile.info(io.BytesIO(joined)).frames == 441_000


def test_a_cut_file_is_shorter_than_its_count(variable):
    with pytest.raises(ShortAudioError, match=r"of 441000 samples are there"):
        load(io.BytesIO(variable[: len(variable) // 2]))
    with pytest.warns(ShortAudioWarning):
        got = load(io.BytesIO(variable[: len(variable) // 2]), on_short="warn")[0]
    torch.testing.assert_close(got, load(io.BytesIO(variable))[0][:, : got.shape[1]], rtol=0, atol=1e-6)


@pytest.mark.parametrize("kbits", [32, 128, 320])
def test_an_estimated_length_is_never_called_short(wave, encoded, kbits):
    data = encoded(wave(1, 100_000), 44100, format="mp3", compression=kbits)
    without = data[frames(data)[1] :]
    assert load(io.BytesIO(without))[0].shape[1] == len(frames(without)) * FRAME - 529


def test_tags_before_and_behind_are_passed_over(variable):
    tagged = b"ID3\x03\x00\x00\x00\x00\x10\x00" + bytes(2048) + variable + b"TAG" + bytes(125)
    assert load(io.BytesIO(tagged))[0].shape == (1, 441_000)


@pytest.mark.parametrize(("sample_rate", "channels"), [(8000, 1), (16000, 2), (24000, 1), (32000, 2), (48000, 1)])
def test_counts_at_every_version_of_mpeg(wave, encoded, sample_rate, channels):
    data = encoded(wave(channels, sample_rate), sample_rate, format="mp3", compression=5)
    with open_source(io.BytesIO(data)) as source:
        assert count_mp3(source) == (True, None)
    with open_source(io.BytesIO(data + data)) as source:
        trusted, stream = count_mp3(source)
    assert not trusted
    assert stream.least >= 2 * sample_rate - 4 * FRAME
    assert load(io.BytesIO(data + data))[0].shape[0] == channels


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9])
def test_a_partial_read_is_the_slice_though_frames_lean_on_earlier_ones(variable, fraction):
    whole = load(io.BytesIO(variable))[0]
    start = int(fraction * whole.shape[1])
    got = load(io.BytesIO(variable), start, 5000)[0]
    torch.testing.assert_close(got, whole[:, start : start + 5000], rtol=0, atol=1e-6)


def test_the_counted_stream_is_a_file():
    data = b"\xff\xfb\x90\xc4" + bytes(413)
    with open_source(io.BytesIO(data * 20)) as source:
        _, stream = count_mp3(source)
        assert isinstance(stream, CountedMp3)
        content = stream.read()
        assert content.endswith(data * 20)
        assert b"Xing" in content[:60]
        assert stream.seek(-10, io.SEEK_END) == len(content) - 10
        assert stream.read(100) == content[-10:]
        assert stream.tell() == len(content)
