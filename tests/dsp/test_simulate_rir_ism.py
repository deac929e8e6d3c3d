import itertools
import math

import pytest
import torch
from torch.autograd import gradcheck

from sonovox.dsp.simulate_rir_ism import simulate_rir_ism

ROOM = torch.tensor([6.0, 5.0, 4.0], dtype=torch.float64)
SOURCE = torch.tensor([2.0, 3.5, 1.5], dtype=torch.float64)
MICS = torch.tensor([[1.0, 1.0, 1.0], [4.0, 2.0, 2.5]], dtype=torch.float64)


def by_definition(absorption, max_order, length):
    """Every image written out: reflections of the place at one wall after the other, as pulses on whole samples."""
    images = {}
    axes = []
    for axis in range(3):
        ways = []
        for first, count in itertools.product((0, 1), range(max_order + 1)):
            place, gain, wall = SOURCE[axis].item(), 1.0, first
            for _ in range(count):
                place = -place if wall == 0 else 2 * ROOM[axis].item() - place
                gain *= math.sqrt(1 - absorption[2 * axis + wall])
                wall = 1 - wall
            ways.append((round(place, 9), gain, count))
        axes.append(sorted(set(ways)))
    for x, y, z in itertools.product(*axes):
        if x[2] + y[2] + z[2] <= max_order:
            images[x[0], y[0], z[0]] = x[1] * y[1] * z[1]
    response = torch.zeros(2, length, dtype=torch.float64)
    for place, gain in images.items():
        for channel, mic in enumerate(MICS):
            distance = torch.linalg.vector_norm(torch.tensor(place, dtype=torch.float64) - mic).item()
            for n in range(length):
                offset = n - 40 - distance * 16000 / 343.0
                if abs(offset) < 40:
                    window = 0.5 + 0.5 * math.cos(math.pi * offset / 40)
                    response[channel, n] += gain / distance * window * torch.special.sinc(torch.tensor(offset)).item()
    return response


@pytest.mark.parametrize("max_order", [0, 1, 2])
def test_is_the_sum_of_the_pulses_of_all_images(max_order):
    absorption = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    response = simulate_rir_ism(ROOM, SOURCE, MICS, max_order, torch.tensor(absorption), 500)
    # The reference takes the sinc in float32.
    torch.testing.assert_close(response, by_definition(absorption, max_order, 500), rtol=0, atol=2e-6)


def test_direct_sound_has_the_delay_and_height_of_its_distance():
    # 3, 4 and 0 m apart: 5 m.
    mic = SOURCE + torch.tensor([3.0, -3.0, 0.0], dtype=torch.float64)
    distance = math.sqrt(18)
    response = simulate_rir_ism(ROOM, SOURCE, mic[None], 0, 0.3, sound_speed=distance * 100, sample_rate=8000)
    assert response.argmax() == 80 + 40
    assert response.max().item() == pytest.approx(1 / distance)
    assert response.abs().sum().item() == pytest.approx(1 / distance)  # on a whole sample, nothing else sounds


def test_length_ends_with_the_last_pulse_or_where_asked():
    whole = simulate_rir_ism(ROOM, SOURCE, MICS, 3, 0.2)
    for length in (100, whole.shape[1] + 50):
        cut = simulate_rir_ism(ROOM, SOURCE, MICS, 3, 0.2, output_length=length)
        assert cut.shape == (2, length)
        common = min(length, whole.shape[1])
        torch.testing.assert_close(cut[:, :common], whole[:, :common])
        assert not cut[:, common:].any()


def test_several_sources_are_heard_one_by_one():
    sources = torch.stack([SOURCE, ROOM - SOURCE])
    together = simulate_rir_ism(ROOM, sources, MICS, 2, 0.3, output_length=600)
    alone = [simulate_rir_ism(ROOM, source, MICS, 2, 0.3, output_length=600) for source in sources]
    torch.testing.assert_close(together, torch.stack(alone))


def test_a_room_of_two_dimensions_is_the_plane_of_one_with_three():
    flat = simulate_rir_ism(ROOM[:2], SOURCE[:2], MICS[:, :2], 2, 0.3, output_length=600)
    level = torch.cat((MICS[:, :2], SOURCE[2].expand(2, 1)), dim=1)
    walls = torch.tensor([0.3, 0.3, 0.3, 0.3, 1.0, 1.0])  # nothing comes back from floor and ceiling
    torch.testing.assert_close(flat, simulate_rir_ism(ROOM, SOURCE, level, 2, walls, output_length=600))


def test_equal_bands_add_up_to_one_and_others_colour():
    single = simulate_rir_ism(ROOM, SOURCE, MICS, 3, 0.3)
    torch.testing.assert_close(simulate_rir_ism(ROOM, SOURCE, MICS, 3, torch.full((7, 6), 0.3)), single)
    dull = torch.tensor([0.1, 0.9])[:, None].expand(2, 6)
    centers = torch.tensor([250.0, 4000.0])
    coloured = simulate_rir_ism(ROOM, SOURCE, MICS, 3, dull, 4096, center_frequency=centers)
    spectrum = torch.fft.rfft(coloured).abs()
    low, high = (torch.fft.rfft(simulate_rir_ism(ROOM, SOURCE, MICS, 3, value, 4096)).abs() for value in (0.1, 0.9))
    below, above = slice(10, 60), slice(1100, 2000)  # 39 to 234 Hz, 4.3 to 7.8 kHz
    # Without delay the filter rings before the first sample too, where it is cut off.
    torch.testing.assert_close(spectrum[:, above], high[:, above], rtol=0.05, atol=0.02)
    torch.testing.assert_close(spectrum[:, below], low[:, below], rtol=0.2, atol=0.2)


def test_gradient_by_places_and_walls():
    def response(room, source, mics, absorption):
        return simulate_rir_ism(room, source, mics, 1, absorption, 300, delay_filter_length=41)

    walls = torch.full((6,), 0.3, dtype=torch.float64)
    inputs = tuple(x.clone().requires_grad_() for x in (ROOM, SOURCE, MICS[:1], walls))
    assert gradcheck(response, inputs, fast_mode=True, atol=1e-4)
    black = torch.ones(6, requires_grad=True)
    simulate_rir_ism(ROOM, SOURCE, MICS, 1, black).sum().backward()
    assert black.grad.isfinite().all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"room": ROOM[:1]}, r"room must be \(2,\) or \(3,\), its size along each axis, got shape \(1,\)"),
        ({"source": SOURCE[:2]}, r"source must be \(..., 3\) for this room, got shape \(2,\)"),
        ({"source": SOURCE + 3}, "source must be inside the room of .* m, got"),
        ({"mic_array": MICS[0]}, r"mic_array must be \(channel, 3\) for this room, got shape \(3,\)"),
        ({"mic_array": SOURCE[None]}, "source must not be at the place of a microphone; move one of them"),
        ({"mic_array": MICS.long()}, "mic_array must be floating point, got int64"),
        ({"max_order": -1}, "max_order must not be negative, got -1; 0 is the direct sound alone"),
        ({"absorption": 1.1}, "absorption must be from 0 to 1, got"),
        ({"absorption": torch.ones(4)}, r"absorption must be a number, \(6,\) or \(bands, 6\), got shape \(4,\)"),
        ({"absorption": torch.ones(3, 6)}, "center_frequency is needed for 3 bands; without it there are 7 octaves"),
        (
            {"absorption": torch.ones(2, 6), "center_frequency": torch.tensor([500.0, 100.0])},
            r"center_frequency must be 2 rising frequencies in Hz, got \[500.0, 100.0\]",
        ),
        ({"delay_filter_length": 80}, "delay_filter_length must be odd and at least 3, got 80"),
        ({"sound_speed": 0.0}, "sound_speed must be positive, got 0.0; give it in m/s"),
    ],
)
def test_bad_input_is_refused(change, message):
    arguments = {"room": ROOM, "source": SOURCE, "mic_array": MICS, "max_order": 1, "absorption": 0.3} | change
    with pytest.raises(ValueError, match=message):
        simulate_rir_ism(**arguments)
