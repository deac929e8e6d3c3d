"""Noise added to waveforms."""

import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.augment import AddNoise, ItemRandom, pink_noise_like

X = torch.randn(6, 2000, generator=torch.Generator().manual_seed(0)) * torch.linspace(0.1, 1.0, 6).unsqueeze(1)
LENGTHS = torch.linspace(0.5, 1.0, 6)


def ratios(y, x, snr, counts, sounding=None):
    """What the ratio, in dB, came to, of the mean powers of an item's samples and of those with noise."""
    y, x = y.double(), x.double()
    measured = []
    for item, count in enumerate(counts):
        attenuation = 1.0 / (1.0 + 10.0 ** (-snr / 20.0))
        part = attenuation * x[item, :count]
        noise = (y[item, :count] - part)[: sounding[item] if sounding else None]
        measured.append(float(10 * (part.square().mean() / noise.square().mean()).log10()))
    return measured


@pytest.mark.parametrize("snr", [-5, 0, 12.5, 30])
def test_the_ratio_is_that_wanted_of_each_items_own_samples(snr):
    counts = (LENGTHS * 2000).round().long().tolist()
    y = AddNoise(snr_low=snr, snr_high=snr)(X, LENGTHS)
    assert ratios(y, X, snr, counts) == pytest.approx([snr] * 6, abs=0.01)


def test_ratios_are_drawn_for_each_item():
    # A constant added to an alternating signal: half their difference and half their sum tell both.
    x = torch.ones(300, 4) * torch.tensor([1.0, -1.0, 1.0, -1.0])
    y = AddNoise(snr_low=0, snr_high=20, noise_funct=lambda x: x.abs())(x)
    attenuation, noise = (y[:, 0] - y[:, 1]) / 2, (y[:, 0] + y[:, 1]) / 2
    snr = 20 * (attenuation / noise).log10()
    assert 0.0 <= float(snr.min()) < 0.5
    assert 19.5 < float(snr.max()) <= 20.0
    torch.testing.assert_close(attenuation, 1 / (1 + 10 ** (-snr / 20)))


def test_noise_from_files_is_theirs(write_list):
    noise = torch.randn(5000)
    adder = AddNoise(**write_list({"n": noise}), start_index=700)
    y = adder(X[:1])
    added = y - 0.5 * X[:1]  # at 0 dB both are halved
    torch.testing.assert_close(added / added.norm(), noise[700:2700].unsqueeze(0) / noise[700:2700].norm())


def test_short_noise_sounds_at_the_beginning_or_is_repeated(write_list):
    noise = torch.randn(300)
    y = AddNoise(**write_list({"n": noise}))(X)
    assert ratios(y, X, 0, [2000] * 6, [300] * 6) == pytest.approx([0.0] * 6, abs=0.01)
    torch.testing.assert_close(y[:, 300:], 0.5 * X[:, 300:])
    y = AddNoise(**write_list({"n": noise}), pad_noise=True)(X)
    added = (y - 0.5 * X)[0]
    torch.testing.assert_close(added[300:600], added[:300], atol=1e-6, rtol=0)
    assert ratios(y, X, 0, [2000] * 6) == pytest.approx([0.0] * 6, abs=0.01)


def test_long_noise_begins_anywhere_from_which_it_covers_the_item(write_list):
    adder = AddNoise(**write_list({"n": torch.arange(1.0, 51.0)}))
    x = torch.ones(400, 10)
    added = adder(x) - 0.5
    # Neighbours on a ramp: begin / (begin + 9) of its ends tells where it began.
    ratio = (added[:, 0] / added[:, 9]).double()
    begins = (9 * ratio / (1 - ratio)).round()
    assert begins.unique().tolist() == list(range(1, 42))


def test_noise_at_another_rate_is_resampled(write_list):
    hum = torch.sin(2 * torch.pi * 100 / 8000 * torch.arange(8000))
    adder = AddNoise(**write_list({"n": hum}, rate=8000), noise_sample_rate=8000, start_index=0)
    added = adder(X) - 0.5 * X
    spectrum = torch.fft.rfft(added[:, 200:1800] * torch.hann_window(1600)).abs()
    assert (spectrum.argmax(1) == 10).all()  # of 10 Hz each
    with pytest.raises(ArgumentError, match="give 8000 as the rate"):
        AddNoise(**write_list({"n": hum}, rate=8000))(X)
    assert AddNoise(**write_list({"n": hum}, rate=8000), noise_sample_rate=None)(X).isfinite().all()


def test_files_in_order_go_on_from_a_state(write_list):
    arguments = write_list({name: torch.full((100,), value) for name, value in (("a", 1.0), ("b", -1.0))})
    adder = AddNoise(**arguments, sorting="original")
    x = torch.ones(3, 100)
    first = adder(x)
    assert (first - 0.5 * x)[:, 0].sign().tolist() == [1, -1, 1]
    again = AddNoise(**arguments, sorting="original")
    again.load_state_dict(adder.state_dict())
    assert torch.equal(again(x), adder(x))
    with pytest.raises(ArgumentError, match='sorting="random"'):
        adder(x, seeds=torch.arange(3))


def test_with_seeds_files_do_not_depend_on_the_batch(write_list):
    arguments = write_list({str(number): torch.randn(3000 + 100 * number) for number in range(5)})
    adder = AddNoise(**arguments, snr_low=0, snr_high=10, num_workers=2)
    seeds = torch.arange(6)
    together = adder(X, LENGTHS, seeds=seeds)
    torch.testing.assert_close(adder(X[2:3], LENGTHS[2:3], seeds=seeds[2:3]), together[2:3])
    assert len({round(float(y), 6) for y in together[:, 0] - X[:, 0]}) == 6


def test_loud_items_are_brought_to_full_scale_and_others_left():
    x = torch.tensor([[4.0, -4.0], [0.1, -0.1]])
    y = AddNoise(snr_low=20, snr_high=20, normalize=True)(x)
    assert float(y[0].abs().max()) == pytest.approx(1.0)
    assert float(y[1].abs().max()) < 0.2


def test_a_silent_item_stays_silent():
    assert not AddNoise()(torch.zeros(2, 50)).any()


def test_channels_share_the_files_one(write_list):
    y = AddNoise(**write_list({"n": torch.randn(100)}))(torch.ones(2, 100, 3))
    torch.testing.assert_close(y[..., 0], y[..., 2])


def test_functions_that_take_no_seeds_are_refused_with_seeds():
    with pytest.raises(ArgumentError, match="rand_like does not"):
        AddNoise(noise_funct=torch.rand_like)(X, seeds=torch.arange(6))
    made = AddNoise(noise_funct=lambda x, seeds: ItemRandom(seeds, len(x)).normal(*x.shape[1:]))
    assert torch.equal(made(X, seeds=torch.arange(6)), made(X, seeds=torch.arange(6)))
    assert AddNoise(noise_funct=pink_noise_like)(X, seeds=torch.arange(6)).isfinite().all()


@pytest.mark.parametrize("arguments", [{"snr_low": 5}, {"start_index": -1}])
def test_unusable_arguments_are_refused(arguments):
    with pytest.raises(ArgumentError):
        AddNoise(**arguments)


def test_a_start_behind_the_file_is_refused(write_list):
    with pytest.raises(ArgumentError, match="start_index must be below 300"):
        AddNoise(**write_list({"n": torch.ones(300)}), start_index=300)(X)


@pytest.mark.peers
def test_it_is_speechbrains(write_list):
    peer = pytest.importorskip("speechbrain.augment.time_domain", reason="needs speechbrain", exc_type=ImportError)
    noise = torch.randn(2500).mul(0.1).clamp(-1, 1)
    arguments = {"snr_low": 7, "snr_high": 7, "start_index": 0}
    lists = write_list({"n": noise})
    lists["replacements"] = {"folder": str(lists["replacements"]["folder"])}
    lists["csv_file"] = str(lists["csv_file"])
    x = X[:, :2000] * 0.1
    theirs = peer.AddNoise(**lists, **arguments)(x.clone(), torch.ones(6))
    torch.testing.assert_close(AddNoise(**lists, **arguments)(x, torch.ones(6)), theirs, atol=1e-6, rtol=1e-5)
