import io
import sys

import pytest
import torch

from sonovox._internal.errors import CorruptAudioError, MissingDependencyError, ShortAudioError, UnsupportedAudioError
from sonovox.io import info, load, stream
from sonovox.io.media import MediaReader, is_media
from sonovox.io.source import open_source

RATE, FRAMES = 48000, 48000 * 4
# suffix, codec, format in metadata, encoding, whether every sample comes back
KINDS = [
    ("m4a", "aac", "mp4", "AAC", False),
    ("alac.m4a", "alac", "mp4", "ALAC", True),
    ("mov", "pcm_s16le", "mp4", "PCM_S16LE", True),
    ("webm", "libopus", "matroska", "OPUS", False),
    ("mkv", "flac", "matroska", "FLAC", True),
    ("wma", "wmav2", "asf", "WMAV2", False),
    ("aac", "aac", "aac", "AAC", False),
]


@pytest.fixture(scope="module")
def tone():
    ramp = torch.arange(FRAMES) / RATE
    return (
        torch.stack([torch.sin(2 * torch.pi * (200 + 100 * ramp) * ramp), torch.sin(2 * torch.pi * 440 * ramp)]) * 0.3
    )


@pytest.fixture(scope="module")
def media(tone, tmp_path_factory):
    """`media(suffix, codec)`: the tone in a file, written by FFmpeg's libraries."""
    av = pytest.importorskip("av", reason="PyAV, of the extra [media], is not installed")
    folder = tmp_path_factory.mktemp("media")

    def write(suffix: str, codec: str, **options: str):
        path = folder / f"a.{suffix}"
        with av.open(str(path), "w", options=options) as container:
            track = container.add_stream(codec, rate=RATE)
            track.layout, track.bit_rate = "stereo", 128_000
            frame = av.AudioFrame.from_ndarray(tone.numpy(), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = RATE, 0
            size = track.codec_context.frame_size or 1024
            resampler = av.AudioResampler(track.format.name, "stereo", RATE, frame_size=size)
            for part in [*resampler.resample(frame), *resampler.resample(None)]:
                container.mux(track.encode(part))
            container.mux(track.encode(None))
        return path

    return write


@pytest.mark.parametrize(("suffix", "codec", "format", "encoding", "exact"), KINDS)
def test_loads_and_describes(media, tone, suffix, codec, format, encoding, exact):
    path = media(suffix, codec)
    metadata = info(path)
    assert (metadata.sample_rate, metadata.num_channels) == (RATE, 2)
    assert (metadata.format, metadata.encoding) == (format, encoding)
    got, rate = load(path)
    assert rate == RATE
    assert abs(got.shape[1] - FRAMES) < 0.1 * RATE
    if exact:
        torch.testing.assert_close(got, tone, rtol=0, atol=2**-15)
    else:  # the delay of the codec is unknown; the spectrum is not
        power = torch.fft.rfft(got[1, RATE : 2 * RATE]).abs()
        assert power.argmax() == 440


@pytest.mark.parametrize(("suffix", "codec"), [kind[:2] for kind in KINDS])
def test_partial_reads_equal_the_slice(media, suffix, codec):
    path = media(suffix, codec)
    whole = load(path)[0]
    for start, count in ((0, 100), (1000, 3000), (90_001, 5000), (150_000, 100_000)):
        part, expected = load(path, start, count)[0], whole[:, start : start + count]
        assert part.shape == expected.shape
        # AAC fills bands with noise of a generator whose state depends on where decoding began;
        # a shift by one sample would be ten times this difference.
        assert (part - expected).square().mean().sqrt() < 1e-3


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\0\0\0\x20ftypM4A ", True),
        (b"\x1a\x45\xdf\xa3\x01\0\0\0", True),
        (b"RIFF\0\0\0\0AVI LIST", True),
        (b"\xff\xf1\x50\x80", True),
        (b"\xff\xfb\x90\x64", False),  # mp3
        (b"RIFF\0\0\0\0WAVEfmt ", False),
        (b"OggS", False),
    ],
)
def test_is_known_by_its_first_bytes(head, expected):
    with open_source(io.BytesIO(head)) as source:
        assert is_media(source) is expected


def test_a_suffix_tells_where_bytes_do_not(tmp_path):
    (tmp_path / "a.ac3").write_bytes(b"\x0b\x77")
    with open_source(tmp_path / "a.ac3") as source:
        assert is_media(source)


def test_durations_are_no_promise(media):
    with open_source(media("webm", "libopus")) as source, MediaReader(source) as reader:
        assert reader.promise is None
        assert sum(len(block) for block in reader.blocks(0, 1000)) == 1000


def test_file_like_objects_and_streaming_work(media):
    path = media("m4a", "aac")
    whole = load(path)[0]
    assert torch.equal(load(io.BytesIO(path.read_bytes()))[0], whole)
    assert torch.equal(torch.cat(list(stream(path, 1.0)), dim=1), whole)


def test_a_film_cut_in_half_says_so(media):
    data = media("m4a", "aac").read_bytes()
    with pytest.raises(CorruptAudioError, match="cannot be opened"):
        load(io.BytesIO(data[: len(data) // 2]))  # the index of an mp4 is at its end
    data = media("mkv", "flac").read_bytes()
    with pytest.raises(ShortAudioError, match=r"of 4\.00 s are there"):
        load(io.BytesIO(data[: len(data) // 2]))


def test_a_list_of_other_files_is_not_followed(media, tmp_path):
    media("m4a", "aac")
    playlist = tmp_path / "a.ts"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{tmp_path / 'b.ts'}\n#EXT-X-ENDLIST\n")
    (tmp_path / "b.ts").write_bytes(media("ts", "aac").read_bytes())
    with pytest.raises((CorruptAudioError, UnsupportedAudioError), match=r"a\.ts"):
        load(playlist)


def test_without_pyav_the_remedy_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "av", None)
    path = tmp_path / "talk.m4a"
    path.write_bytes(b"\0\0\0\x20ftypM4A " + bytes(100))
    with pytest.raises(MissingDependencyError, match=r"talk\.m4a needs the package av; pip install 'sonovox\[media\]'"):
        load(path)
