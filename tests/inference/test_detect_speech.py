"""Speech in files, found by a detector that hears loudness, and by a folder of SpeechBrain."""

import numpy as np
import pytest
import torch
from torch import nn

import sonovox
from sonovox._internal.errors import ArgumentError, AudioNotFoundError, NonFiniteAudioError
from sonovox.inference import VAD

RATE = 16000


class Loudness(nn.Module):
    """The mean magnitude of each frame of 10 ms, and one frame more, `(batch, frames, 1)`."""

    longest = 0

    def forward(self, wavs):
        self.longest = max(self.longest, wavs.shape[1])
        return nn.functional.pad(wavs, (0, 160)).unfold(1, 160, 160).abs().mean(-1, keepdim=True)


class Same(nn.Module):
    def forward(self, x, lengths=None):
        return x


class Steep(nn.Module):
    """A probability near 1 above 0.05, near 0 below."""

    def forward(self, x):
        return 200 * (x - 0.05)


@pytest.fixture
def detector():
    modules = {"compute_features": Loudness(), "mean_var_norm": Same(), "cnn": Same(), "rnn": Same(), "dnn": Steep()}
    return VAD(modules, {"time_resolution": 0.01, "sample_rate": RATE})


@pytest.fixture
def recording(tmp_path):
    """Speech, or what is as loud, from 1 to 2 s, from 3 to 3.2 s and from 4 to 4.9 s of 6 s."""
    samples = 0.001 * torch.ones(6 * RATE)
    for begin, end in ((1, 2), (3, 3.2), (4, 4.9)):
        samples[int(begin * RATE) : int(end * RATE)] = 0.5
    sonovox.save(tmp_path / "a.wav", samples[None], RATE)
    return tmp_path / "a.wav"


def resaved(path, rate, channels):
    samples = sonovox.load(path)[0][0]
    wide = nn.functional.interpolate(samples[None, None], scale_factor=rate / RATE)[0].expand(channels, -1)
    sonovox.save(path.with_name("b.flac"), wide, rate, encoding="PCM_S", bits_per_sample=16)
    return path.with_name("b.flac")


def test_all_steps_find_the_long_stretches(detector, recording):
    expected = torch.tensor([[1.0, 1.99], [4.0, 4.89]])
    for sizes in ({}, {"large_chunk_size": 2, "small_chunk_size": 1}, {"overlap_small_chunk": True}):
        torch.testing.assert_close(detector.get_speech_segments(recording, **sizes), expected)
    short = detector.get_speech_segments(recording, len_th=0.1)
    torch.testing.assert_close(short, torch.tensor([[1.0, 1.99], [3.0, 3.19], [4.0, 4.89]]))
    joined = detector.get_speech_segments(recording, close_th=1.5)
    torch.testing.assert_close(joined, torch.tensor([[1.0, 4.89]]))


@pytest.mark.parametrize(("rate", "channels"), [(32000, 2), (8000, 1), (48000, 5)])
def test_any_rate_and_number_of_channels_gives_the_same_seconds(detector, recording, rate, channels):
    other = resaved(recording, rate, channels)
    # A frame or two: the edges of a resampled signal ring.
    torch.testing.assert_close(
        detector.get_speech_segments(other), torch.tensor([[1.0, 1.99], [4.0, 4.89]]), atol=0.021, rtol=0
    )
    assert detector.get_speech_prob_file(other).shape == (1, 600, 1)


@pytest.mark.parametrize("n_samples", [0, 1, 159, 160, 161, 16000, 31999, 32000, 32001, 100000])
@pytest.mark.parametrize("overlap", [False, True])
def test_there_is_a_frame_for_each_full_step_of_the_file(detector, tmp_path, n_samples, overlap):
    sonovox.save(tmp_path / "a.wav", torch.full((1, n_samples), 0.5), RATE)
    found = detector.get_speech_prob_file(tmp_path / "a.wav", 2, 1, overlap)
    assert found.shape == (1, n_samples // 160, 1)
    assert (found > 0.99).all()


def test_chunks_that_do_not_fill_a_large_one_leave_no_gap(detector, tmp_path):
    sonovox.save(tmp_path / "a.wav", torch.full((1, 5 * RATE), 0.5), RATE)
    for small in (0.7, 0.9):
        assert (detector.get_speech_prob_file(tmp_path / "a.wav", 2, small) > 0.99).all()


def test_a_long_file_is_heard_in_pieces(detector, tmp_path):
    sonovox.save(tmp_path / "a.wav", torch.full((1, 200 * RATE), 0.5), RATE)
    segments = detector.get_speech_segments(tmp_path / "a.wav", apply_energy_VAD=True)
    torch.testing.assert_close(segments, torch.tensor([[0.0, 199.98]]))
    assert detector.mods.compute_features.longest == 60 * RATE


def test_energies_and_their_thresholds_are_speechbrains(speechbrain_reference, tmp_path):
    # Its own result has a "segment" for each frame that is loud, or follows one: truth values were added, which is
    # "or". Counted so, ours must be the same.
    case = speechbrain_reference / "vad-crdnn"
    model = VAD.from_hparams(case / "model")
    with np.load(case / "inputs.npz") as inputs, np.load(case / "outputs.npz") as outputs:
        sonovox.save(tmp_path / "a.wav", torch.from_numpy(inputs["wav_int16"])[None], RATE)
        boundaries, expected = (torch.from_numpy(outputs[name]) for name in ("bound_one", "energy_one"))
    found = []
    for begin, end in boundaries:
        loud = torch.zeros(round(float(end - begin) * 100))
        for first, last in model.energy_VAD(tmp_path / "a.wav", torch.stack((begin, end))[None]) - begin:
            loud[round(float(first) * 100) : round(float(last) * 100) + 1] = 1
        changes = ((loud + nn.functional.pad(loud, (1, 0))[:-1]) > 0).nonzero()[:, 0]
        changes = torch.cat((changes, torch.tensor([len(loud)][: len(changes) % 2]))).view(-1, 2)
        found.append(begin + torch.stack((changes[:, 0], changes[:, 1] - 1), dim=1) / 100)
    torch.testing.assert_close(torch.cat(found), expected, atol=0.011, rtol=0)  # the tolerance that the case states


def test_energy_finds_the_loud_part_of_a_segment(detector, recording):
    refined = detector.energy_VAD(recording, torch.tensor([[0.5, 2.5], [2.8, 3.5]]), 0.5, 0.25)
    torch.testing.assert_close(refined, torch.tensor([[1.0, 1.99], [3.0, 3.19]]))


def test_segments_without_contrast_stay_as_they_are(detector, recording):
    segments = torch.tensor([[1.2, 1.2], [1.2, 1.21], [1.2, 1.8]])  # none, one frame, equally loud ones
    assert torch.equal(detector.energy_VAD(recording, segments), segments)
    assert detector.energy_VAD(recording, torch.zeros(0, 2)).shape == (0, 2)


def test_what_is_no_speech_as_a_whole_is_dropped(detector, recording):
    segments = torch.tensor([[0.9, 2.1], [2.0, 3.1], [5.0, 6.0], [7.0, 8.0]])
    assert torch.equal(detector.double_check_speech_segments(segments, recording), segments[:1])
    assert detector.double_check_speech_segments(segments[:0], recording).shape == (0, 2)


def test_segments_have_margins_where_the_file_has_samples(detector, recording):
    first, second, last = detector.get_segments(torch.tensor([[0.05, 1.0], [3.0, 3.2], [5.0, 6.0]]), recording)
    assert [len(part[0]) for part in (first, second, last)] == [17600, 6400, 17600]
    assert torch.equal(second, sonovox.load(recording)[0][:, 46400:52800])
    (exact,) = detector.get_segments(torch.tensor([[3.0, 3.2]]), recording, 0, 0)
    assert (exact > 0.4).all()


def test_frames_and_boundaries_become_samples_of_the_file(detector, recording):
    other = resaved(recording, 32000, 2)
    speech = detector.apply_threshold(detector.get_speech_prob_file(recording))
    for file, rate in ((recording, 16000), (other, 32000)):
        upsampled = detector.upsample_VAD(speech, file)
        assert upsampled.shape == (1, 6 * rate)
        assert upsampled[0, rate : 2 * rate].all()
        assert upsampled.sum() == 2.1 * rate
        of_boundaries = detector.upsample_boundaries(torch.tensor([[1.0, 2.0], [5.5, 9.0]]), file)
        assert (of_boundaries.shape, of_boundaries.sum().item()) == ((1, 6 * rate), 1.5 * rate)


def test_boundaries_are_printed_and_saved(detector, recording, tmp_path, capsys):
    detector.save_boundaries(torch.tensor([[1.0, 2.0]]), tmp_path / "speech.txt", audio_file=recording)
    lines = [
        "segment_001  0.00  1.00 NON_SPEECH",
        "segment_002  1.00  2.00 SPEECH",
        "segment_003  2.00  6.00 NON_SPEECH",
    ]
    assert capsys.readouterr().out.splitlines() == lines
    assert (tmp_path / "speech.txt").read_text().splitlines() == lines
    samples = torch.tensor([[16000, 32000]], dtype=torch.int32)
    detector.save_boundaries(samples, audio_file=resaved(recording, 32000, 1))
    assert capsys.readouterr().out.splitlines()[-1] == "segment_003  32000  96000 NON_SPEECH"
    detector.save_boundaries(samples, print_boundaries=False)
    assert capsys.readouterr().out == ""


def test_chunks_of_samples(detector):
    assert detector.create_chunks(torch.arange(10.0)[None], 4, 3).tolist() == [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8, 9]]


def test_a_batch_comes_out_as_its_items_alone(speechbrain_reference):
    model = VAD.from_hparams(speechbrain_reference / "vad-crdnn" / "model")
    wavs = torch.randn(3, 8000, generator=torch.Generator().manual_seed(0))
    together = model.get_speech_prob_chunk(wavs)
    alone = torch.cat([model.get_speech_prob_chunk(wav) for wav in wavs])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)  # rounding of products of another size
    assert not together.requires_grad


@pytest.mark.parametrize(("large", "small"), [(30, 0), (30, 0.01), (5, 10)])
def test_sizes_that_cannot_be_are_refused(detector, recording, large, small):
    with pytest.raises(ArgumentError, match=f"small_chunk_size must be .* got {small}"):
        detector.get_speech_prob_file(recording, large, small)


def test_what_cannot_be_heard_is_told(detector, tmp_path):
    with pytest.raises(AudioNotFoundError):
        detector.get_speech_segments(tmp_path / "nothing.wav")
    sonovox.save(tmp_path / "nan.wav", torch.full((1, 100), torch.nan), RATE)
    with pytest.raises(NonFiniteAudioError):
        detector.get_speech_segments(tmp_path / "nan.wav")


def test_boundaries_in_samples_are_refused_where_seconds_are_needed(detector, recording):
    with pytest.raises(ArgumentError, match=r"boundaries must be in seconds, floating point, got torch\.int32"):
        detector.energy_VAD(recording, torch.tensor([[0, 16000]], dtype=torch.int32))


@pytest.mark.parametrize("resolution", ["fast", 0, 1e-6])
def test_a_resolution_that_is_none_is_refused(detector, resolution):
    with pytest.raises(ArgumentError, match="time_resolution must be at least a sample in seconds, got"):
        VAD(dict(detector.mods), {"time_resolution": resolution})
    with pytest.raises(ArgumentError, match="VAD needs the hyperparameters time_resolution"):
        VAD(dict(detector.mods))
