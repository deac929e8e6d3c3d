"""Room impulse responses of a shoebox, by the image source method.

Allen and Berkley, "Image method for efficiently simulating small-room acoustics", JASA 65,
1979; delays between samples by windowed sincs (Peterson, "Simulating the response of
multiple microphones to a single acoustic source in a reverberant room", JASA 80, 1986).
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from sonovox._internal.checks import check_floating, check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.dsp.eager import constant, in_plain_eager

__all__ = ["simulate_rir_ism"]

_OCTAVES = (125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)  # in Hz


def simulate_rir_ism(
    room: Tensor,
    source: Tensor,
    mic_array: Tensor,
    max_order: int,
    absorption: float | Tensor,
    output_length: int | None = None,
    delay_filter_length: int = 81,
    center_frequency: Tensor | None = None,
    sound_speed: float = 343.0,
    sample_rate: float = 16000.0,
) -> Tensor:
    """What microphones hear of an impulse in a room with flat walls: the source and its mirror images.

    An image that is heard after n reflections at a distance d gives a pulse of height
    `prod(sqrt(1 - absorption)) / d` (1 for the source itself at 1 m) after
    `d / sound_speed * sample_rate + delay_filter_length // 2` samples, the latter so
    that no pulse starts before the first sample. Geometry is computed in float64.

    Args:
        room: `(2,)` or `(3,)`, size along each axis, in metres; a corner is at the origin.
        source: `(..., 2)` or `(..., 3)`, its place, in metres; several are heard one by one.
        mic_array: `(channel, 2)` or `(channel, 3)`, places of the microphones, in metres.
        max_order: most reflections on a way; 0 for the direct sound alone.
        absorption: part of the energy that a wall takes, in [0, 1]: a number, or `(4,)` or `(6,)`
            for the walls at x = 0, at the end of x, and likewise for y and z, or
            `(bands, 4)` or `(bands, 6)` for bands of frequency.
        output_length: in samples; until the end of the last pulse if None, which compiled programs cannot know.
        delay_filter_length: of a pulse, in samples, odd, at least 3.
        center_frequency: `(bands,)`, rising, in Hz; octaves from 125 Hz to 8 kHz if None. Between
            two centres the bands fade into each other over the logarithm of frequency, without delay.
        sound_speed: in m/s.
        sample_rate: in Hz.

    Returns:
        `(..., channel, time)`, in the widest dtype of the three places.

    Raises:
        ArgumentError: shapes that do not fit, a place outside the room, a microphone at the source,
            absorption outside [0, 1].

    >>> room, source, mics = torch.tensor([9.0, 8.0]), torch.tensor([2.0, 4.0]), torch.tensor([[6.0, 4.0]])
    >>> response = simulate_rir_ism(room, source, mics, 0, 0.5, sound_speed=320.0, sample_rate=8000)
    >>> response.argmax() - 40, response.max()  # 4 m: 100 samples, and a quarter of the height
    (tensor(100), tensor(0.2500))
    """
    coefficients = _check(room, source, mic_array, max_order, absorption, delay_filter_length)
    check_positive("sound_speed", sound_speed, unit="in m/s")
    check_positive("sample_rate", sample_rate, unit="in Hz")
    size, places = room.double(), mic_array.double()
    images, gains = _mirror(size, source.double(), max_order, coefficients)
    distances = torch.linalg.vector_norm(images.unsqueeze(-3) - places.unsqueeze(-2), dim=-1)  # (..., channel, images)
    if in_plain_eager() and bool((distances == 0).any()):
        raise ArgumentError("source must not be at the place of a microphone", hint="move one of them")
    delays = distances * (sample_rate / sound_speed)

    half = delay_filter_length // 2
    whole = delays.detach().ceil()
    taps = torch.arange(-half, half + 1, device=room.device)
    offsets = (whole - delays).unsqueeze(-1) + taps  # of the taps from the pulse's centre, in samples
    window = torch.where(offsets.abs() <= half, 0.5 + 0.5 * torch.cos(math.pi * offsets / half), 0.0)
    pulses = torch.special.sinc(offsets) * window
    length = int(whole.max()) + delay_filter_length if output_length is None else output_length
    start = (
        (whole.long().unsqueeze(-1) + taps + half).clamp(max=length).flatten(-2)
    )  # what is beyond the end goes there
    responses = [
        distances.new_zeros(*distances.shape[:-1], length + 1).scatter_add(
            -1, start, (pulses * (gain / distances).unsqueeze(-1)).flatten(-2)
        )[..., :length]
        for gain in gains
    ]
    response = responses[0] if len(gains) == 1 else _join_bands(responses, center_frequency, sample_rate)
    dtype = torch.promote_types(torch.promote_types(room.dtype, source.dtype), mic_array.dtype)
    return response.to(dtype)


def _check(
    room: Tensor,
    source: Tensor,
    mic_array: Tensor,
    max_order: int,
    absorption: float | Tensor,
    delay_filter_length: int,
) -> Tensor:
    """Refuse what cannot be; the absorption of each wall as `(bands, walls)`."""
    for name, tensor in (("room", room), ("source", source), ("mic_array", mic_array)):
        check_floating(name, tensor)
    if room.shape not in ((2,), (3,)):
        raise ArgumentError(f"room must be (2,) or (3,), its size along each axis, got shape {tuple(room.shape)}")
    dims = len(room)
    if source.dim() == 0 or source.shape[-1] != dims:
        raise ArgumentError(f"source must be (..., {dims}) for this room, got shape {tuple(source.shape)}")
    if mic_array.dim() != 2 or mic_array.shape[1] != dims or len(mic_array) == 0:
        raise ArgumentError(f"mic_array must be (channel, {dims}) for this room, got shape {tuple(mic_array.shape)}")
    for name, places in (("source", source), ("mic_array", mic_array)):
        if in_plain_eager() and not bool(((places >= 0) & (places <= room)).all()):
            raise ArgumentError(f"{name} must be inside the room of {room.tolist()} m, got {places.tolist()}")
    if max_order < 0:
        raise ArgumentError(f"max_order must not be negative, got {max_order}", hint="0 is the direct sound alone")
    if delay_filter_length < 3 or delay_filter_length % 2 == 0:
        raise ArgumentError(f"delay_filter_length must be odd and at least 3, got {delay_filter_length}")
    walls = torch.as_tensor(absorption, dtype=torch.float64, device=room.device)
    if walls.dim() == 0:
        walls = walls.expand(2 * dims)
    if walls.dim() > 2 or walls.shape[-1] != 2 * dims or len(walls) == 0:
        raise ArgumentError(
            f"absorption must be a number, ({2 * dims},) or (bands, {2 * dims}), got shape {tuple(walls.shape)}"
        )
    if in_plain_eager() and not bool(((walls >= 0) & (walls <= 1)).all()):
        raise ArgumentError(f"absorption must be from 0 to 1, got {walls.tolist()}")
    return walls.reshape(-1, 2 * dims)


def _mirror(room: Tensor, source: Tensor, max_order: int, absorption: Tensor) -> tuple[Tensor, Tensor]:
    """Places of all images, `(..., images, dims)`, and what the walls leave of them, `(bands, images)`."""
    cells = _cells(len(room), max_order, room.device)
    source = source.unsqueeze(-2)
    odd = cells % 2 == 1
    places = torch.where(odd, (cells + 1) * room - source, cells * room + source)
    passed = 1.0 - absorption
    # The derivative of a root is infinite at zero; there it is replaced by zero.
    kept = passed.masked_fill(passed == 0, 1.0).sqrt().masked_fill(passed == 0, 0.0)[:, None]
    at_start, at_end = cells.div(2, rounding_mode="floor").abs(), (cells + 1).div(2, rounding_mode="floor").abs()
    return places, (kept[..., ::2] ** at_start * kept[..., 1::2] ** at_end).prod(-1)


@constant
def _cells(dims: int, max_order: int, device: torch.device) -> Tensor:
    """By how many rooms each image is away along each axis, `(images, dims)`."""
    steps = torch.arange(-max_order, max_order + 1, device=device)
    cells = torch.cartesian_prod(*[steps] * dims)
    return cells[cells.abs().sum(-1) <= max_order]


def _join_bands(responses: list[Tensor], center_frequency: Tensor | None, sample_rate: float) -> Tensor:
    """Sum of the responses, each in its band; the bands add up to one."""
    bands, length = len(responses), responses[0].shape[-1]
    if center_frequency is None and bands != len(_OCTAVES):
        raise ArgumentError(
            f"center_frequency is needed for {bands} bands", hint=f"without it there are {len(_OCTAVES)} octaves"
        )
    device = responses[0].device
    centers = torch.as_tensor(_OCTAVES if center_frequency is None else center_frequency, dtype=torch.float64).to(
        device
    )
    if centers.shape != (bands,) or bool((centers <= 0).any()) or bool((centers.diff() <= 0).any()):
        raise ArgumentError(f"center_frequency must be {bands} rising frequencies in Hz, got {centers.tolist()}")
    n_fft = 1 << (2 * length - 1).bit_length()  # so that what rings before the start does not come back at the end
    frequencies = torch.linspace(0.0, sample_rate / 2, n_fft // 2 + 1, dtype=torch.float64, device=device)
    octave = frequencies.clamp(min=float(centers[0]), max=float(centers[-1])).log2()
    gaps = centers.log2()
    upper = torch.searchsorted(gaps, octave).clamp(1, bands - 1)
    share = (octave - gaps[upper - 1]) / (gaps[upper] - gaps[upper - 1])
    rising = torch.sin(0.5 * math.pi * share).square()
    weights = F.one_hot(upper, bands).T * rising + F.one_hot(upper - 1, bands).T * (1.0 - rising)
    spectrum = sum(torch.fft.rfft(band, n_fft) * weight for band, weight in zip(responses, weights, strict=True))
    return torch.fft.irfft(spectrum, n_fft)[..., :length]
