"""What holds for all augmentations alike."""

import pytest
import torch

from sonovox import augment
from sonovox._internal.errors import ArgumentError

WAVES = {
    "AddNoise": lambda: augment.AddNoise(snr_low=0, snr_high=20),
    "AddNoise, normalized": lambda: augment.AddNoise(snr_low=0, snr_high=20, normalize=True),
    "AddNoise, pink": lambda: augment.AddNoise(noise_funct=augment.pink_noise_like),
    "AddReverb": lambda: augment.AddReverb(clean_sample_rate=1000),
    "CodecAugment": lambda: augment.CodecAugment(8000, codecs=[("wav", "ULAW"), ("wav", "ALAW")]),
    "DoClip": lambda: augment.DoClip(0.1, 0.9),
    "DropChunk": lambda: augment.DropChunk(10, 60, 1, 5),
    "DropChunk, noise": lambda: augment.DropChunk(10, 60, 1, 5, noise_factor=0.5),
    "DropFreq": lambda: augment.DropFreq(),
    "RandAmp": lambda: augment.RandAmp(),
    "Resample": lambda: augment.Resample(8000, 12000),
}
# Those that take no lengths, and those of spectrograms, whose padding is left alone.
OTHERS = {
    "ChannelDrop": lambda: augment.ChannelDrop(0.5),
    "ChannelSwap": lambda: augment.ChannelSwap(2, 3),
    "DropBitResolution": lambda: augment.DropBitResolution(),
    "RandomShift": lambda: augment.RandomShift(-5, 5),
    "SignFlip": lambda: augment.SignFlip(),
    "SpectrogramDrop": lambda: augment.SpectrogramDrop(1, 9, 1, 4, "rand"),
    "SpectrogramDrop, frequency": lambda: augment.SpectrogramDrop(1, 2, 1, 2, dim=2),
    "SpectrogramDrop, swap": lambda: augment.SpectrogramDrop(1, 9, 1, 4, "swap"),
    "Warping": lambda: augment.Warping(),
}
ALL = WAVES | OTHERS
LENGTHS = torch.tensor([1.0, 0.5, 0.75])
SEEDS = torch.tensor([11, 12, -13])


def each(table):
    return pytest.mark.parametrize("make", table.values(), ids=table.keys())


def waves(channels=3, dtype=torch.float32):
    x = torch.randn(3, 400, channels, generator=torch.Generator().manual_seed(0)).mul(0.1).to(dtype)
    return x * (torch.arange(400).unsqueeze(1) < (LENGTHS * 400).reshape(3, 1, 1))


def apply(make, x, seeds=None, **extra):
    function = make()
    needs_seeds = {} if isinstance(function, augment.Resample) else {"seeds": seeds}
    result = function(x, **needs_seeds, **extra)
    return result[0] if isinstance(result, tuple) else result


@each(ALL)
def test_the_input_stays_as_it_is_and_the_type_too(make):
    x = waves()
    before = x.clone()
    y = apply(make, x)
    assert torch.equal(x, before)
    assert (y.dtype, y.shape[0], y.shape[2]) == (x.dtype, 3, 3)
    assert y.data_ptr() != x.data_ptr()


@each(ALL)
def test_with_seeds_an_item_does_not_depend_on_its_batch(make):
    x = waves()
    together = apply(make, x, SEEDS)
    # Fourier transforms of a batch and of one item round differently.
    torch.testing.assert_close(apply(make, x[1:2], SEEDS[1:2]), together[1:2], atol=2e-6, rtol=1e-5)
    torch.testing.assert_close(apply(make, x.flip(0), SEEDS.flip(0)), together.flip(0), atol=2e-6, rtol=1e-5)


@each(WAVES)
def test_with_seeds_an_item_does_not_depend_on_its_padding(make):
    x = waves()
    padded = apply(make, x, SEEDS, lengths=LENGTHS)
    alone = apply(make, x[1:2, :200], SEEDS[1:2], lengths=torch.ones(1))
    torch.testing.assert_close(padded[1:2, : alone.shape[1]], alone, atol=2e-6, rtol=1e-5)


@each(WAVES)
def test_padding_is_zero_whatever_was_in_it(make):
    x = waves()
    clean = apply(make, x, SEEDS, lengths=LENGTHS)
    dirty = x.clone()
    dirty[1, 200:] = float("nan")
    y = apply(make, dirty, SEEDS, lengths=LENGTHS)
    assert not y[1, y.shape[1] // 2 :].any()
    assert not y[2, y.shape[1] * 3 // 4 :].any()
    torch.testing.assert_close(y, clean)


@each({name: make for name, make in ALL.items() if name != "Resample"})
def test_without_seeds_the_global_generator_decides(make):
    x = waves()
    torch.manual_seed(3)
    first, second = apply(make, x), apply(make, x)
    torch.manual_seed(3)
    assert torch.equal(apply(make, x), first)
    assert not torch.equal(first, second)


@each(ALL)
def test_silence_stays_finite(make):
    assert apply(make, torch.zeros(2, 400, 3)).isfinite().all()


@each(ALL)
def test_half_precision_is_that_of_single_rounded(make):
    x = waves(dtype=torch.float16)
    half = apply(make, x, SEEDS)
    assert half.dtype == torch.float16
    # A step of float16 at 1, the loudest that occurs; limits and interpolations are computed in float32.
    torch.testing.assert_close(half.float(), apply(make, x.float(), SEEDS), atol=2e-3, rtol=2e-3)


@each(ALL)
@pytest.mark.parametrize("shape", [(0, 50, 3), (2, 0, 3), (2, 1, 3)])
def test_empty_and_short_batches_pass(make, shape):
    y = apply(make, torch.ones(shape))
    assert y.isfinite().all()
    longer = 3 if isinstance(make(), augment.Resample) else 2
    assert y.shape == (shape[0], -(-shape[1] * longer // 2), shape[2])


@each({name: make for name, make in ALL.items() if name != "CodecAugment"})
def test_gradients_reach_the_input(make):
    x = waves().requires_grad_()
    apply(make, x, SEEDS).square().sum().backward()
    assert x.grad.isfinite().all()
    assert x.grad.any()


@each({name: make for name, make in WAVES.items() if name != "CodecAugment"})
def test_derivatives_are_those_of_differences(make):
    x = waves(1)[:2, :40, 0].double().requires_grad_()
    torch.autograd.gradcheck(lambda x: apply(make, x, SEEDS[:2]), x, atol=1e-6)


@each({name: make for name, make in ALL.items() if "Channel" not in name and "Spectrogram" not in name})
def test_batches_without_channels_are_those_with_one(make):
    x = waves(1)
    if make is OTHERS["Warping"]:
        pytest.skip("takes spectrograms only")
    torch.testing.assert_close(apply(make, x[..., 0], SEEDS), apply(make, x, SEEDS)[..., 0])


@each({name: make for name, make in ALL.items() if name not in ("CodecAugment", "Resample")})
def test_seeds_of_another_shape_are_refused(make):
    with pytest.raises(ArgumentError, match=r"seeds must be \(3,\)"):
        apply(make, waves(), torch.tensor([1, 2]))


@each(WAVES)
def test_a_batch_is_needed(make):
    with pytest.raises(ArgumentError, match=r"unsqueeze\(0\)"):
        apply(make, torch.ones(50))


@each({name: make for name, make in ALL.items() if name not in ("CodecAugment", "Resample")})
def test_nothing_is_computed_on_another_device(make):
    # Operations that mix devices fail with tensors of "meta" too; seeds and lengths may come from the CPU.
    lengths = {"lengths": LENGTHS} if make in WAVES.values() else {}
    assert apply(make, waves().to("meta"), SEEDS, **lengths).device.type == "meta"


@pytest.mark.slow
@each({name: make for name, make in ALL.items() if name != "CodecAugment"})
def test_compiled_programs_give_the_same(make):
    x, function = waves(), make()
    arguments = {} if isinstance(function, augment.Resample) else {"seeds": SEEDS}
    torch._dynamo.reset()
    compiled = torch.compile(function, fullgraph=True, backend="aot_eager")(x, **arguments)
    torch.testing.assert_close(compiled, function(x, **arguments))
