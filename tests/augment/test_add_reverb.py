"""Reverberation."""

import numpy as np
import pytest
import scipy.signal
import torch

import sonovox
from sonovox._internal.errors import ArgumentError
from sonovox.augment import AddReverb, decaying_noise_rir

X = torch.randn(4, 3000, generator=torch.Generator().manual_seed(0))


def expected(x, rir):
    """What scipy convolves, without the delay of the loudest sample, as loud on average as before."""
    full = scipy.signal.fftconvolve(x.double().numpy(), rir.double().numpy())
    heard = full[np.abs(rir.numpy()).argmax() :][: len(x)]
    return torch.from_numpy(heard * (x.abs().mean().item() / np.abs(heard).mean()))


def test_files_are_convolved_without_their_delay(write_list):
    rirs = {"a": torch.randn(400) * 0.02, "b": torch.randn(900) * 0.02}
    rirs["a"][25], rirs["b"][190] = 0.9, -0.8
    y = AddReverb(**write_list(rirs), sorting="original")(X)
    for item, name in enumerate("abab"):
        # float32 against double: relative to a peak of some units.
        torch.testing.assert_close(y[item].double(), expected(X[item], rirs[name]), atol=1e-5, rtol=1e-5)


def test_real_rooms_leave_speech_where_it_was(shared_data, write_list):
    folder = shared_data / "samples" / "RIRs"
    rooms = {name: sonovox.load(folder / f"{name}.wav")[0] for name in ("rir1", "rir4")}
    speech = sonovox.load(shared_data / "samples" / "ASR" / "spk1_snt1.wav")[0]
    y = AddReverb(**write_list(rooms))(speech.expand(6, -1), seeds=torch.arange(6))
    for item in y:
        correlation = scipy.signal.correlate(item.numpy(), speech[0].numpy(), method="fft")
        assert abs(int(correlation.argmax()) - (speech.shape[1] - 1)) <= 2


def test_the_mean_amplitude_stays_and_padding_does_not_count():
    lengths = torch.tensor([1.0, 0.5, 0.25, 0.75])
    y = AddReverb(rir_funct=decaying_noise_rir)(X, lengths)
    for item, count in enumerate((lengths * 3000).long().tolist()):
        before, after = X[item, :count].abs().mean(), y[item, :count].abs().mean()
        torch.testing.assert_close(after, before)


def test_responses_are_stretched(write_list):
    rir = torch.zeros(100)
    rir[0], rir[40:44] = 1.0, 0.5
    x = torch.zeros(1, 400)
    x[0, 0] = 1.0
    y = AddReverb(**write_list({"a": rir}), rir_scale_factor=2.0)(x)[0]
    echo = torch.nonzero(y[20:] > 0.2 * y[0]).flatten() + 20
    assert 78 <= int(echo[0]) <= 82
    assert 7 <= len(echo) <= 9


def test_with_seeds_a_room_does_not_depend_on_the_batch(write_list):
    arguments = write_list({str(number): torch.randn(50 * number + 10) for number in range(5)})
    reverb, seeds = AddReverb(**arguments), torch.arange(4)
    together = reverb(X, seeds=seeds)
    torch.testing.assert_close(reverb(X[2:3], seeds=seeds[2:3]), together[2:3], atol=1e-5, rtol=1e-5)


def test_rooms_in_order_go_on_from_a_state(write_list):
    arguments = write_list({"a": torch.tensor([1.0, 0.5]), "b": torch.tensor([1.0, -0.5]), "c": torch.tensor([1.0])})
    reverb = AddReverb(**arguments, sorting="original")
    reverb(X)
    again = AddReverb(**arguments, sorting="original")
    again.load_state_dict(reverb.state_dict())
    assert torch.equal(again(X), reverb(X))
    with pytest.raises(ArgumentError, match="in order"):
        reverb(X, seeds=torch.arange(4))


def test_a_factor_of_zero_is_refused():
    with pytest.raises(ArgumentError, match="rir_scale_factor"):
        AddReverb(rir_scale_factor=0.0)


@pytest.mark.peers
@pytest.mark.parametrize("factor", [1.0, 0.7])
def test_it_is_speechbrains_where_nothing_wraps_round(write_list, factor):
    peer = pytest.importorskip("speechbrain.augment.time_domain", reason="needs speechbrain", exc_type=ImportError)
    rir = torch.randn(400) * 0.05 * torch.exp(-torch.arange(400) / 100)
    rir[30] = 0.9
    lists = write_list({"a": rir})
    lists = {"csv_file": str(lists["csv_file"]), "replacements": {"folder": str(lists["replacements"]["folder"])}}
    x = X.clone()
    x[:, :400] = x[:, -400:] = 0.0  # its convolution is circular
    theirs = peer.AddReverb(**lists, rir_scale_factor=factor)(x.clone())
    torch.testing.assert_close(AddReverb(**lists, rir_scale_factor=factor)(x), theirs, atol=1e-5, rtol=1e-4)
