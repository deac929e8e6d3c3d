import io
import struct

import numpy as np
import pytest
import torch

from sonovox.io.kaldi_values import (
    ByteReader,
    read_float_vector,
    read_int_vector,
    read_matrix,
    value_bytes,
    value_text,
)


def reader(data, sized=True):
    return ByteReader(io.BytesIO(data), "x.ark", len(data) if sized else None)


def size(number):
    return b"\x04" + struct.pack("<i", number)


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


# Laid out by hand, as Kaldi's documentation has them.
FLOATS = b"\0BFV " + size(3) + struct.pack("<3f", 1.5, -2.0, 0.25)
DOUBLES = b"\0BDV " + size(2) + struct.pack("<2d", 1e300, -0.1)
MATRIX = b"\0BFM " + size(2) + size(3) + struct.pack("<6f", *range(6))
DOUBLE_MATRIX = b"\0BDM " + size(1) + size(2) + struct.pack("<2d", 0.1, 0.2)
INTEGERS = b"\0B" + size(3) + size(7) + size(-1) + size(2**31 - 1)
SIXTEEN_BITS = b"\0BCM2 " + struct.pack("<ffii", -1.0, 2.0, 1, 3) + struct.pack("<3H", 0, 65535, 13107)
EIGHT_BITS = b"\0BCM3 " + struct.pack("<ffii", 10.0, 51.0, 2, 2) + bytes([0, 255, 51, 102])
# One column of 5 rows, with its quarters at 0, 0.2, 0.6 and 1 of the range.
BY_QUARTERS = (
    b"\0BCM " + struct.pack("<ffii", 0.0, 65535.0, 5, 1) + struct.pack("<4H", 0, 13107, 39321, 65535)
) + bytes([0, 64, 128, 192, 255])


@pytest.mark.parametrize(
    ("read", "data", "expected"),
    [
        (read_float_vector, FLOATS, torch.tensor([1.5, -2.0, 0.25])),
        (read_float_vector, DOUBLES, torch.tensor([1e300, -0.1], dtype=torch.float64)),
        (read_matrix, MATRIX, torch.arange(6.0).reshape(2, 3)),
        (read_matrix, DOUBLE_MATRIX, torch.tensor([[0.1, 0.2]], dtype=torch.float64)),
        (read_int_vector, INTEGERS, torch.tensor([7, -1, 2**31 - 1], dtype=torch.int32)),
        (read_matrix, SIXTEEN_BITS, torch.tensor([[-1.0, 1.0, -0.6]])),
        (read_matrix, EIGHT_BITS, torch.tensor([[10.0, 61.0], [20.2, 30.4]])),
        (read_matrix, BY_QUARTERS, torch.tensor([[0.0], [13107.0], [26214.0], [39321.0], [65535.0]])),
        (read_float_vector, b" [ 1 2.5 -inf nan ]\n", torch.tensor([1.0, 2.5, -torch.inf, torch.nan])),
        (read_float_vector, b" [ ]\n", torch.zeros(0)),
        (read_matrix, b" [\n  1 2\n  3 4 ]\n", torch.tensor([[1.0, 2.0], [3.0, 4.0]])),
        (read_matrix, b" [ ]\n", torch.zeros(0, 0)),
        (read_int_vector, b"1 2 -3\n", torch.tensor([1, 2, -3], dtype=torch.int32)),
        (read_int_vector, b"\n", torch.zeros(0, dtype=torch.int32)),
    ],
)
@pytest.mark.parametrize("sized", [True, False])
def test_layouts_of_the_documentation(read, data, expected, sized):
    source = reader(data + b"rest", sized)
    value = read(source)
    assert value.dtype == expected.dtype
    torch.testing.assert_close(value, expected, rtol=1e-6, atol=0, equal_nan=True)
    assert source.some(10) == b"rest"
    value += 1  # it is the caller's


@pytest.mark.parametrize(
    ("data", "value"), [(FLOATS, [1.5, -2.0, 0.25]), (INTEGERS, [7, -1, 2**31 - 1]), (MATRIX, [[0, 1, 2], [3, 4, 5]])]
)
def test_values_are_written_in_these_layouts(data, value):
    dtype = torch.int32 if data is INTEGERS else torch.float32
    assert value_bytes(torch.tensor(value, dtype=dtype)) == data


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_text_gives_back_every_digit(dtype):
    value = torch.cat((noise(50), 1e-30 * noise(50), torch.tensor([0.0, torch.inf]))).to(dtype)
    words = value_text(value).decode().strip(" []\n").split()
    assert np.array(words, np.float64).astype(value.numpy().dtype).tolist() == value.tolist()
    assert torch.equal(read_float_vector(reader(value_text(value.float()))), value.float())


@pytest.mark.parametrize(("kind", "levels"), [("CM2", 65535), ("CM3", 255)])
def test_even_compression_is_within_half_a_level(kind, levels):
    value = 10 * noise(40, 7)
    back = read_matrix(reader(value_bytes(value, kind)))
    assert (back - value).abs().max() <= 0.5001 * (value.max() - value.min()) / levels


def test_compression_by_quarters_is_within_half_a_level_of_each_quarter():
    value = 10 * noise(400, 7)
    back = read_matrix(reader(value_bytes(value, "CM")))
    quarters = value.sort(dim=0).values[[0, 99, 299, 399]]
    largest = torch.maximum(quarters[1] - quarters[0], quarters[3] - quarters[2]) / 63
    # Half a level, and the rounding of the quarters to 16 bits.
    assert ((back - value).abs() <= 0.5 * largest + 0.002).all()


@pytest.mark.parametrize("kind", ["CM", "CM2", "CM3"])
def test_matrices_of_one_number_or_none_can_be_compressed(kind):
    for value in (torch.full((3, 2), 4.25), torch.zeros(1, 1), torch.zeros(0, 3), torch.zeros(0, 0)):
        back = read_matrix(reader(value_bytes(value, kind)))
        # A column of one value has quarters one level of 16 bits apart.
        torch.testing.assert_close(back, value, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("read", "data", "message"),
    [
        (
            read_matrix,
            b"\0BFM " + size(2) + size(3) + b"123",
            r"x.ark, byte 15: FM of 6 numbers takes 24 bytes, but only 3",
        ),
        (
            read_matrix,
            b"\0BFM " + size(2**31 - 1) * 2,
            r"byte 15: FM of 4611686014132420609 numbers takes .* only 0 are",
        ),
        (read_matrix, b"\0BFM " + size(-1), "a size was expected, got -1 in 4 bytes"),
        (read_matrix, b"\0BFM \x08abcdefgh", "in 8 bytes"),
        (
            read_matrix,
            FLOATS,
            r"a matrix \(FM, DM, CM, CM2, CM3\) was expected, got b'FV'; read it with read_vec_flt_ark",
        ),
        (read_float_vector, MATRIX, r"got b'FM'; read it with read_mat_ark"),
        (read_float_vector, b"\0Bjunkjunk", "a space was expected within 4 bytes, got b'junkj'"),
        (read_float_vector, b"\0xFV ", "starts with the bytes 0 and B was expected"),
        (read_float_vector, b"", "a value takes 1 bytes, but only 0 are left"),
        (read_float_vector, b" [ 1 x ]\n", "numbers were expected: could not convert string to float"),
        (read_float_vector, b" 1 2 ]\n", "'\\[' was expected, got b' 1 2 \\]"),
        (read_float_vector, b" [\n 1 2\n 3 4 ]\n", "a vector was expected, got 2 rows; read it with read_mat_ark"),
        (read_matrix, b" [\n 1 2\n 3 ]\n", r"rows have different lengths: \[1, 2\]"),
        (read_matrix, b" [\n 1 2\n 3", "the file ends before '\\]'"),
        (read_matrix, b" [ 1 ] 2\n", "a line end was expected after '\\]'"),
        (read_int_vector, b"\0B" + size(1) + b"\x08\1\0\0\0", "integers of 4 bytes were expected"),
        (read_int_vector, b"1 2.5\n", "numbers were expected"),
        (read_int_vector, b"99999999999\n", "numbers were expected"),
        (read_matrix, b"\0BCM " + struct.pack("<ffii", 0, 1, -1, 2), "sizes must not be negative, got -1 and 2"),
        (read_matrix, b"\0BCM2 " + struct.pack("<ffii", 0, 1, 2**30, 2**30), "but only 0 are left"),
    ],
)
@pytest.mark.parametrize("sized", [True, False])
def test_what_is_wrong_is_told_with_its_place(read, data, message, sized):
    with pytest.raises(ValueError, match=message):
        read(reader(data, sized))


def test_every_truncation_of_every_layout_is_told():
    layouts = {
        read_matrix: (MATRIX, SIXTEEN_BITS, BY_QUARTERS),
        read_float_vector: (DOUBLES,),
        read_int_vector: (INTEGERS,),
    }
    for read, all_data in layouts.items():
        for data in all_data:
            for end in range(len(data)):
                with pytest.raises(ValueError, match=r"x\.ark"):
                    read(reader(data[:end], sized=end % 2 == 0))
