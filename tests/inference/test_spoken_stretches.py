import pytest
import torch

from sonovox.inference.spoken_stretches import SpokenStretches

RATE = 16000


def sound(*parts, floor=0.0):
    """Noise of these (seconds, amplitude), over noise of the amplitude `floor`."""
    generator = torch.Generator().manual_seed(0)
    loud = [amplitude * torch.randn(round(seconds * RATE), generator=generator) for seconds, amplitude in parts]
    samples = torch.cat(loud)
    return samples + floor * torch.randn(len(samples), generator=generator)


@pytest.mark.parametrize("floor", [0.0, 0.003])
@pytest.mark.parametrize("loudness", [1.0, 1e-3])
def test_a_sound_lasts_until_it_is_quiet_whatever_the_loudness(floor, loudness):
    spoken = SpokenStretches(loudness * sound((0.3, 0), (0.5, 0.2), (0.3, 0), floor=floor), RATE)
    assert spoken.tail(0.35, 9.0) == pytest.approx(0.8, abs=0.011)
    assert spoken.head(0.7, 0.0) == pytest.approx(0.3, abs=0.011)


def test_a_closure_is_no_end_and_a_pause_is_one():
    spoken = SpokenStretches(sound((0.3, 0.2), (0.08, 0), (0.1, 0.2), (0.2, 0), (0.3, 0.2)), RATE)
    assert spoken.tail(0.1, 9.0) == pytest.approx(0.48, abs=0.011)
    assert spoken.head(0.9, 0.0) == pytest.approx(0.68, abs=0.011)


def test_what_comes_soon_after_an_early_spike_is_meant_by_it():
    spoken = SpokenStretches(sound((0.08, 0), (0.3, 0.2), (0.3, 0)), RATE)
    assert spoken.tail(0.02, 9.0) == pytest.approx(0.38, abs=0.011)
    assert SpokenStretches(sound((0.3, 0), (0.3, 0.2)), RATE).tail(0.02, 9.0) == 0.02


def test_limits_hold_and_times_are_counted_from_the_start_of_the_piece():
    spoken = SpokenStretches(sound((5.0, 0.2), (1.0, 0)), RATE, start=100.0)
    assert spoken.tail(100.5, 100.7) == 100.7
    assert spoken.head(100.5, 100.4) == 100.4
    assert spoken.tail(102.0, 200.0) == pytest.approx(103.0), "no word goes on for seconds"


def test_a_recording_without_quiet_moments_is_loud_throughout():
    spoken = SpokenStretches(sound((0.4, 0.2)), RATE)
    assert (spoken.tail(0.1, 0.4), spoken.head(0.3, 0.0)) == (0.4, 0.0)
    assert SpokenStretches(torch.zeros(RATE), RATE).tail(0.1, 0.3) == 0.3, "nor does silence have any"


def test_a_border_is_the_quietest_moment():
    spoken = SpokenStretches(sound((0.5, 0.2), (0.02, 0.1), (0.5, 0.2)), RATE)
    assert spoken.border(0.3, 0.8) == pytest.approx(0.51, abs=0.011)
    assert spoken.border(0.3, 0.3) == 0.3
