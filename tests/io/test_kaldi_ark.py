import gzip
import io
import re
import struct

import pytest
import torch

from sonovox._internal.errors import ArchiveError
from sonovox.io.kaldi_ark import (
    read_mat_ark,
    read_mat_scp,
    read_vec_flt_ark,
    read_vec_flt_scp,
    read_vec_int_ark,
    write_ark,
)


def noise(*shape, dtype=torch.float32):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(0))


MATRICES = {"a": noise(5, 3), "b-2": noise(1, 7, dtype=torch.float64), "ü": noise(400, 13)}
VECTORS = {"a": noise(5), "b": noise(3, dtype=torch.float64), "empty": torch.zeros(0)}
INTEGERS = {"a": torch.tensor([1, -5, 9], dtype=torch.int32), "empty": torch.zeros(0, dtype=torch.int32)}


def same(items, expected):
    items = list(items)
    assert [key for key, _ in items] == list(expected)
    for (_, value), (_, wanted) in zip(items, expected.items(), strict=True):
        assert value.dtype == wanted.dtype
        assert torch.equal(value, wanted)
    return True


@pytest.mark.parametrize(
    ("read", "values"), [(read_mat_ark, MATRICES), (read_vec_flt_ark, VECTORS), (read_vec_int_ark, INTEGERS)]
)
def test_what_is_written_is_read_bit_for_bit(read, values, tmp_path):
    path = tmp_path / "x.ark"
    write_ark(path, values.items())
    assert same(read(path), values)
    assert same(read(f"ark:{path}"), values)
    assert same(read(io.BytesIO(path.read_bytes())), values)
    (tmp_path / "x.ark.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert same(read(tmp_path / "x.ark.gz"), values)


@pytest.mark.parametrize(
    ("read", "values"), [(read_mat_ark, MATRICES), (read_vec_flt_ark, VECTORS), (read_vec_int_ark, INTEGERS)]
)
def test_text_is_read_in_float32(read, values, tmp_path):
    write_ark(tmp_path / "x.ark", values.items(), text=True)
    narrow = {key: x.float() if x.is_floating_point() else x for key, x in values.items()}
    assert same(read(tmp_path / "x.ark"), narrow)


@pytest.mark.parametrize("text", [False, True])
def test_a_list_leads_to_each_value(text, tmp_path):
    values = {key: x.float() for key, x in MATRICES.items()}
    write_ark(tmp_path / "x.ark", values.items(), scp=tmp_path / "x.scp", text=text)
    assert same(read_mat_scp(tmp_path / "x.scp"), values)
    lines = (tmp_path / "x.scp").read_text(encoding="utf-8").splitlines()
    assert lines[0] == f"a {tmp_path / 'x.ark'}:2"
    (tmp_path / "turned.scp").write_text("\n".join(reversed(lines)) + "\n\n", encoding="utf-8")
    assert same(read_mat_scp(f"scp:{tmp_path / 'turned.scp'}"), dict(reversed(values.items())))


def test_a_list_may_name_parts_and_files_without_keys(tmp_path):
    write_ark(tmp_path / "x.ark", [("m", MATRICES["a"])])
    single = tmp_path / "single.mat"
    single.write_bytes((tmp_path / "x.ark").read_bytes()[2:])
    for extent, part in {
        "[1:3]": MATRICES["a"][1:4],
        "[0:0,1:2]": MATRICES["a"][:1, 1:3],
        "[:,0:1]": MATRICES["a"][:, :2],
        "": MATRICES["a"],
    }.items():
        for place in (f"{tmp_path / 'x.ark'}:2", single):
            (tmp_path / "x.scp").write_text(f"key {place}{extent}\n")
            assert same(read_mat_scp(tmp_path / "x.scp"), {"key": part})


def test_a_list_of_vectors(tmp_path):
    write_ark(tmp_path / "x.ark", VECTORS.items(), scp=tmp_path / "x.scp")
    assert same(read_vec_flt_scp(tmp_path / "x.scp"), VECTORS)
    (tmp_path / "x.scp").write_text(f"v {tmp_path / 'x.ark'}:2[1:2]\n")
    assert same(read_vec_flt_scp(tmp_path / "x.scp"), {"v": VECTORS["a"][1:3]})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("key {ark}:2[0:5]", "a range within 0:4 was expected, got [0:5]; correct the list; ends are inclusive"),
        ("key {ark}:2[3:1]", "a range within 0:4 was expected"),
        ("key {ark}:2[0:1,0:1,0:1]", "a range of 2 dimensions was expected"),
        ("key {ark}:99999", "x.scp says byte 99999, but the file has"),
        ("key {ark}:3", "key 'key', byte 3: '[' was expected"),
        ("key", "x.scp, key 'key', byte 4: 'key path:offset' was expected on each line"),
        ("key absent.ark:2", "cannot open absent.ark: No such file or directory"),
        ("key gunzip -c x.ark.gz |", "commands are not run, got 'gunzip -c x.ark.gz |'; run it yourself into a file"),
        ("key | cat", "commands are not run"),
    ],
)
def test_what_is_wrong_in_a_list_is_told(line, message, tmp_path):
    write_ark(tmp_path / "x.ark", [("m", MATRICES["a"])])
    (tmp_path / "x.scp").write_text(line.replace("{ark}", str(tmp_path / "x.ark")) + "\n")
    with pytest.raises(ArchiveError, match=re.escape(message)):
        list(read_mat_scp(tmp_path / "x.scp"))


def test_a_command_in_place_of_a_file_is_refused(tmp_path):
    for read in (read_mat_ark, read_vec_flt_ark, read_vec_int_ark, read_mat_scp, read_vec_flt_scp):
        with pytest.raises(ArchiveError, match="commands are not run"):
            next(read(f"ark:touch {tmp_path / 'ran'} |"))
    assert not (tmp_path / "ran").exists()


def test_damage_is_told_with_file_key_and_byte_after_the_values_before_it(tmp_path):
    path = tmp_path / "x.ark"
    write_ark(path, [("first", noise(2, 2)), ("second", noise(2, 2))])
    path.write_bytes(path.read_bytes()[:-1])
    items = read_mat_ark(path)
    assert next(items)[0] == "first"
    with pytest.raises(
        ArchiveError, match=r"x.ark, key 'second', byte \d+: FM of 4 numbers takes 16 bytes, but only 15"
    ):
        next(items)


def test_a_size_beyond_the_file_takes_no_memory(tmp_path):
    path = tmp_path / "x.ark"
    huge = b"key \0BFM \x04" + struct.pack("<i", 2**31 - 1) + b"\x04" + struct.pack("<i", 2**31 - 1)
    path.write_bytes(huge)
    with pytest.raises(ArchiveError, match="but only 0 are left"):
        list(read_mat_ark(path))
    (tmp_path / "x.gz").write_bytes(gzip.compress(huge))
    with pytest.raises(ArchiveError, match="but only 0 are left"):
        list(read_mat_ark(tmp_path / "x.gz"))


def test_a_cut_compressed_file_is_told(tmp_path):
    write_ark(tmp_path / "x.ark", [("key", noise(100, 100))])
    (tmp_path / "x.gz").write_bytes(gzip.compress((tmp_path / "x.ark").read_bytes())[:-2000])
    with pytest.raises(ArchiveError, match=r"x.gz, key 'key', byte \d+: cannot be read: Compressed file ended"):
        list(read_mat_ark(tmp_path / "x.gz"))


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"key", "the file ends after b'ey'"), (b" x", "a key was expected"), (b"\xff\xfe \0B", "a key in UTF-8")],
)
def test_what_is_no_archive_is_told(data, message):
    with pytest.raises(ArchiveError, match=message):
        list(read_mat_ark(io.BytesIO(data)))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("a b", noise(3), "a key must be one word, got 'a b'"),
        ("", noise(3), "a key must be one word"),
        ("k", noise(2, 2, 2), r"k must be a vector or a matrix of floats.*got torch.float32 of shape \(2, 2, 2\)"),
        ("k", torch.zeros(2, 2, dtype=torch.int32), "or a vector of integers, got torch.int32"),
        ("k", torch.tensor([2**31]), "k has integers beyond 32 bits"),
    ],
)
def test_what_the_format_does_not_have_is_refused_and_nothing_is_left(key, value, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        write_ark(tmp_path / "x.ark", [("good", noise(3)), (key, value)])
    assert list(tmp_path.iterdir()) == []


def test_compression_is_of_matrices_in_binary(tmp_path):
    for kind in ("CM", "CM2", "CM3"):
        write_ark(tmp_path / "x.ark", [("m", noise(50, 4)), ("v", noise(3))], compression=kind)
        assert f"m \0B{kind} ".encode() in (tmp_path / "x.ark").read_bytes()
    with pytest.raises(ValueError, match="text cannot be compressed"):
        write_ark(tmp_path / "x.ark", [], text=True, compression="CM")
    with pytest.raises(ValueError, match="m has values that are not finite; write it without compression"):
        write_ark(tmp_path / "x.ark", [("m", torch.full((2, 2), torch.nan))], compression="CM")


def test_half_precision_and_long_integers_are_converted(tmp_path):
    write_ark(tmp_path / "x.ark", [("h", noise(3).half())])
    assert same(read_vec_flt_ark(tmp_path / "x.ark"), {"h": noise(3).half().float()})
    write_ark(tmp_path / "y.ark", [("i", torch.tensor([1, 2]))])
    assert same(read_vec_int_ark(tmp_path / "y.ark"), {"i": torch.tensor([1, 2], dtype=torch.int32)})


@pytest.mark.peers
def test_kaldiio_reads_what_we_write_and_we_what_it_writes(tmp_path):
    kaldiio = pytest.importorskip("kaldiio")
    values = {key: x for key, x in MATRICES.items() if key.isascii()}
    write_ark(tmp_path / "ours.ark", values.items(), scp=tmp_path / "ours.scp")
    theirs = kaldiio.load_scp(str(tmp_path / "ours.scp"))
    assert all(torch.equal(torch.from_numpy(theirs[key].copy()), value) for key, value in values.items())
    arrays = {key: value.numpy() for key, value in values.items()}
    kaldiio.save_ark(str(tmp_path / "theirs.ark"), arrays, scp=str(tmp_path / "theirs.scp"))
    assert same(read_mat_ark(tmp_path / "theirs.ark"), values)
    assert same(read_mat_scp(tmp_path / "theirs.scp"), values)
    for method, kind in ((2, "CM"), (3, "CM2"), (5, "CM3")):
        kaldiio.save_ark(str(tmp_path / "small.ark"), {"m": noise(60, 5).numpy()}, compression_method=method)
        packed = dict(kaldiio.load_ark(str(tmp_path / "small.ark")))["m"]
        (_, ours), *_ = read_mat_ark(tmp_path / "small.ark")
        # They decompress in float32.
        torch.testing.assert_close(ours, torch.from_numpy(packed.copy()), rtol=1e-5, atol=1e-5)
        write_ark(tmp_path / "packed.ark", [("m", noise(60, 5))], compression=kind)
        (_, ours), *_ = read_mat_ark(tmp_path / "packed.ark")
        packed = dict(kaldiio.load_ark(str(tmp_path / "packed.ark")))["m"]
        torch.testing.assert_close(ours, torch.from_numpy(packed.copy()), rtol=1e-5, atol=1e-5)
