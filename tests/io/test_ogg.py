import io

import pytest
import torch

from sonovox._internal.errors import ShortAudioError, ShortAudioWarning
from sonovox.io import load
from sonovox.io.ogg import missing_from_ogg, start_of_last_page
from sonovox.io.source import open_source


def missing(data: bytes) -> str:
    with open_source(io.BytesIO(data)) as source:
        return missing_from_ogg(source)


def pages(data: bytes) -> list[int]:
    return [at for at in range(len(data)) if data.startswith(b"OggS\0", at)]


@pytest.fixture(params=["ogg", "opus"])
def data(request, wave, encoded):
    return encoded(wave(2, 80_000), format=request.param)


def test_a_whole_file_lacks_nothing(data):
    assert missing(data) == ""
    assert load(io.BytesIO(data))[0].shape == (2, 80_000)


def test_a_cut_between_pages_is_found(data):
    cut = data[: pages(data)[-2]]
    assert missing(cut) == "its last page is not marked as the end of the stream"
    with pytest.raises(ShortAudioError, match="<file-like BytesIO> ends before its header says: its last page"):
        load(io.BytesIO(cut))


def test_a_cut_in_the_last_page_is_found(data):
    assert "promises" in missing(data[:-50])
    with pytest.raises(ShortAudioError):
        load(io.BytesIO(data[:-50]))


def test_a_lost_page_is_found(data):
    at = pages(data)
    with pytest.raises(ShortAudioError, match="a page is missing before byte"):
        load(io.BytesIO(data[: at[2]] + data[at[3] :]))


def test_a_second_stream_is_not_dropped_in_silence(data):
    with pytest.raises(ShortAudioError, match="holds another stream from byte"):
        load(io.BytesIO(data + data))
    with pytest.warns(ShortAudioWarning, match="another stream"):
        assert torch.equal(load(io.BytesIO(data + data), on_short="warn")[0], load(io.BytesIO(data))[0])


def test_a_partial_read_of_a_cut_file_that_is_whole_passes(data):
    cut = data[: pages(data)[-2]]
    assert load(io.BytesIO(cut), 100, 1000)[0].shape == (2, 1000)


@pytest.mark.parametrize("frames", [32_000, 50_001, 100_000])
def test_partial_reads_are_right_in_the_last_page_too(wave, encoded, frames):
    data = encoded(wave(2, frames), format="ogg")
    whole = load(io.BytesIO(data))[0]
    for start in range(frames - 20_000, frames, 997):
        assert torch.equal(load(io.BytesIO(data), start, 50)[0], whole[:, start : start + 50])


def test_the_last_page_begins_where_the_one_before_it_ends(data):
    last_but_one = pages(data)[-2]
    with open_source(io.BytesIO(data)) as source:
        assert start_of_last_page(source) == int.from_bytes(data[last_but_one + 6 : last_but_one + 14], "little")
    with open_source(io.BytesIO(data[: pages(data)[1]])) as source:
        assert start_of_last_page(source) == 0
