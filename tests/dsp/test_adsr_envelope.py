import pytest
import torch

from sonovox.dsp.adsr_envelope import adsr_envelope


def test_all_stages_meet():
    envelope = adsr_envelope(
        1001, attack=0.1, hold=0.2, decay=0.3, sustain=0.4, release=0.3, n_decay=3, dtype=torch.float64
    )
    place = torch.arange(1001, dtype=torch.float64) / 1000
    expected = torch.full((1001,), 0.4, dtype=torch.float64)
    expected[:101] = place[:101] / 0.1
    expected[100:301] = 1.0
    expected[300:601] = 0.4 + 0.6 * (1 - (place[300:601] - 0.3) / 0.3) ** 3
    expected[700:] = 0.4 * (1 - (place[700:] - 0.7) / 0.3)
    torch.testing.assert_close(envelope, expected, rtol=0, atol=1e-12)


def test_without_stages_it_stays():
    assert torch.equal(adsr_envelope(5), torch.ones(5))
    assert torch.equal(adsr_envelope(5, sustain=0.25), torch.full((5,), 0.25))


def test_a_stage_alone():
    torch.testing.assert_close(adsr_envelope(5, attack=1.0), torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0]))
    torch.testing.assert_close(adsr_envelope(5, release=1.0), torch.tensor([1.0, 0.75, 0.5, 0.25, 0.0]))
    torch.testing.assert_close(
        adsr_envelope(5, decay=1.0, sustain=0.0), torch.tensor([1.0, 0.75, 0.5, 0.25, 0.0]).square()
    )
    assert adsr_envelope(4, dtype=torch.float16).dtype == torch.float16


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"attack": -0.1}, "attack must be from 0 to 1, got -0.1"),
        ({"sustain": 1.5}, "sustain must be from 0 to 1, got 1.5"),
        ({"attack": 0.6, "release": 0.5}, "attack, hold, decay and release must add up to at most 1, got 1.1"),
        ({"num_frames": 1}, "num_frames must be at least 2, got 1"),
        ({"n_decay": 0}, "n_decay must be at least 1, got 0"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        adsr_envelope(**({"num_frames": 10} | arguments))
