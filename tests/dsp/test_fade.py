import pytest
import torch

from sonovox.dsp.fade import SHAPES, Fade


def test_equals_torchaudio(torchaudio_calls):
    for call, inputs, expected, _ in torchaudio_calls("transforms", "Fade"):
        torch.testing.assert_close(Fade(**call["constructor"])(inputs["waveform"]), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_rises_from_silence_and_falls_alike(shape):
    gain = Fade(40, 40, shape)(torch.ones(100, dtype=torch.float64))
    assert gain[0] == pytest.approx(0.0, abs=1e-12)
    assert gain[40:60].eq(1).all()
    assert gain[:40].diff().ge(0).all()
    torch.testing.assert_close(gain.flip(0), gain)


def test_fades_may_overlap():
    assert Fade(6, 6)(torch.ones(6)).tolist() == pytest.approx([0, 0.16, 0.24, 0.24, 0.16, 0])


def test_arguments_that_cannot_be_used_are_named():
    with pytest.raises(ValueError, match="fade_in_len must not be negative, got -1; give it in samples"):
        Fade(-1)
    with pytest.raises(ValueError, match=r"fade_shape must be one of .* did you mean linear"):
        Fade(3, 3, "lineer")
    with pytest.raises(ValueError, match="at least 30 samples to fade, got 20; shorten the fade"):
        Fade(30)(torch.ones(20))
