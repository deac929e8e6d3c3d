import numpy as np
import pytest

from sonovox._internal.errors import NonFiniteAudioError
from sonovox.io.samples import check_finite, encodable, to_float


@pytest.mark.parametrize(
    ("dtype", "samples"),
    [(np.uint8, [0, 128, 192]), (np.int16, [-(2**15), 0, 2**14]), (np.int32, [-(2**31), 0, 2**30])],
)
def test_integers_get_full_scale_one(dtype, samples):
    out = np.empty((1, 3), np.float32)
    to_float(np.array(samples, dtype)[:, None], out)
    np.testing.assert_array_equal(out, [[-1.0, 0.0, 0.5]])


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
def test_one_row_takes_the_mean_of_the_channels(dtype):
    rng = np.random.default_rng(0)
    block = rng.integers(0, 200, (50, 3)).astype(dtype)
    apart, mean = np.empty((3, 50), np.float32), np.empty((1, 50), np.float32)
    to_float(block, apart)
    to_float(block, mean)
    np.testing.assert_allclose(mean[0], apart.mean(0), rtol=1e-5, atol=1e-6)


def test_the_first_bad_sample_is_named_with_its_time_and_channel():
    samples = np.zeros((2, 100), np.float32)
    samples[1, 20], samples[0, 50] = np.nan, np.inf
    with pytest.raises(
        NonFiniteAudioError, match=r"a\.wav has NaN or infinite samples: 2, the first at 0\.120 s in channel 1"
    ):
        check_finite("a.wav", samples, 100, 1000)


def test_large_but_finite_samples_pass():
    check_finite("a.wav", np.full((1, 4), 1e308), 0, 1000)
    check_finite("a.wav", np.full((1, 4), 3e38, np.float32), 0, 1000)


def test_integers_are_rounded_and_kept_within_full_scale():
    found = encodable(np.array([0.0, 0.5 + 0.6 / 2**15, 1.5, -1.5], np.float32), ("PCM_S", 16)) >> 16
    assert found.tolist() == [0, 2**14 + 1, 2**15 - 1, -(2**15)]
    floats = np.array([2.0], np.float32)
    assert encodable(floats, ("PCM_F", 32)) is floats
    assert encodable(floats, ("VORBIS", 0)).tolist() == [1.0]
