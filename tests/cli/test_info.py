import io
import sys

import pytest
import torch

import sonovox
from sonovox.cli.info import info


def test_shows_what_is_in_a_file(recording, sonovox_here):
    path = recording("talk.wav", seconds=90.5, sample_rate=8000)
    code, out, err = sonovox_here(info.__name__, path)
    assert (code, err) == (0, "")
    assert [line.split(maxsplit=1) for line in out.splitlines()] == [
        ["file", str(path)],
        ["size", "1.4 MB"],
        ["format", "wav, 16 bit PCM"],
        ["duration", "1:30.5 (724000 samples)"],
        ["sample", "rate  8000 Hz"],
        ["channels", "1"],
    ]


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("a.flac", {"bits_per_sample": 24}, "flac, 24 bit"),
        ("a.mp3", {}, "mp3"),
        ("a.ogg", {}, "ogg, vorbis"),
        ("a.wav", {"encoding": "PCM_F", "bits_per_sample": 32}, "wav, 32 bit float"),
        ("a.wav", {"encoding": "PCM_U", "bits_per_sample": 8}, "wav, 8 bit unsigned PCM"),
        ("a.wav", {"encoding": "ULAW"}, "wav, mu-law"),
    ],
)
def test_formats_have_readable_names(tmp_path, sonovox_here, name, options, expected):
    sonovox.save(tmp_path / name, torch.zeros(2, 8000), 16000, **options)
    _, out, _ = sonovox_here("info", tmp_path / name)
    assert f"format       {expected}\n" in out


def test_bad_files_are_reported_after_the_good_ones(recording, tmp_path, sonovox_here):
    good = recording("good.wav")
    (tmp_path / "empty.wav").touch()
    code, out, err = sonovox_here("info", tmp_path / "empty.wav", good)
    assert code == 1
    assert out.startswith(f"file         {good}\n")
    assert err.startswith(f"error: {tmp_path / 'empty.wav'} is empty (0 bytes)\nhint:  ")


def test_nothing_but_bad_files_is_an_error(tmp_path, sonovox_here):
    code, out, err = sonovox_here("info", tmp_path)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {tmp_path} is a folder, expected a file\nhint:  name a file inside it")


def test_several_files_stand_apart(recording, sonovox_here):
    _, out, _ = sonovox_here("info", recording("a.wav"), recording("b.wav"))
    assert out.count("\n\nfile ") == 1


def test_a_missing_package_is_an_error_with_the_remedy(tmp_path, sonovox_here, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    (tmp_path / "phone.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + io.BytesIO(bytes(64)).getvalue())
    code, _, err = sonovox_here("info", tmp_path / "phone.m4a")
    assert code == 2
    assert err == (
        f"error: reading {tmp_path / 'phone.m4a'} needs the package av\nhint:  pip install 'sonovox[media]'\n"
    )
