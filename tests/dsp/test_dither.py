import pytest
import torch

from sonovox.dsp.dither import dither

STEP = 2.0**-15
# Variances of the total error in squared steps: 1/12 of the rounding and that of the noise, Lipshitz et al., table 1.
VARIANCES = {"TPDF": 3 / 12, "RPDF": None, "GPDF": 1 / 12 + 1 / 4}


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("density", VARIANCES)
@pytest.mark.parametrize("shaping", [False, True])
def test_the_result_is_on_the_grid_of_16_bits(density, shaping):
    y = dither(0.3 * torch.randn(2, 3, 500), density, shaping)
    assert y.shape == (2, 3, 500)
    assert torch.equal(y / STEP, (y / STEP).round())


@pytest.mark.parametrize("level", [0.0, 0.25, 0.5])
@pytest.mark.parametrize("density", VARIANCES)
def test_the_error_has_mean_zero_at_each_level(density, level):
    error = dither(torch.full((200000,), (100 + level) * STEP), density) / STEP - (100 + level)
    assert error.mean().abs() < 0.01  # the mean of so many has a deviation of 0.0013
    if VARIANCES[density] is not None:  # that of RPDF depends on the level
        assert error.var().item() == pytest.approx(VARIANCES[density], abs=0.01)


def test_noise_is_drawn_anew_for_each_signal():
    y = dither(torch.full((2, 500), 0.5 * STEP))
    assert not torch.equal(y[0], y[1])


def test_shaping_moves_the_error_to_high_frequencies():
    """By |1 - z^-1|^2 = 4 sin^2(w / 2), of a white error."""
    x = 0.3 * torch.randn(1 << 16, dtype=torch.float64)
    errors = [(dither(x, noise_shaping=shaping) - x) / STEP for shaping in (False, True)]
    # (bins without DC) -> 128 bands
    plain, shaped = (torch.fft.rfft(error)[1:].abs().square().unflatten(0, (128, 256)).mean(1) for error in errors)
    middles = (torch.arange(len(plain)).double() + 0.5) / len(plain) * torch.pi
    torch.testing.assert_close(shaped / plain, 4 * torch.sin(middles / 2).square(), rtol=0.5, atol=0.05)


def test_error_feedback_is_the_loop_of_the_textbook():
    x, shaped = 0.3 * torch.randn(300, dtype=torch.float64), []
    torch.manual_seed(1)
    noise = torch.rand(300) - torch.rand(300)
    error = 0.0
    for sample, drawn in zip((x / STEP).tolist(), noise.tolist(), strict=True):
        wanted = sample - error
        shaped.append(round(wanted + drawn))
        error = shaped[-1] - wanted
    torch.manual_seed(1)
    torch.testing.assert_close(dither(x, noise_shaping=True) / STEP, torch.tensor(shaped).double(), rtol=0, atol=0)


def test_one_signal_needs_no_channel_axis():
    assert dither(torch.zeros(40), noise_shaping=True).shape == (40,)


def test_a_misspelt_density_is_named():
    with pytest.raises(ValueError, match="density_function must be one of GPDF, RPDF, TPDF, got 'TDPF'; did you mean"):
        dither(torch.zeros(3), "TDPF")
