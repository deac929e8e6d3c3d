"""Sources as files: rate, length, loudness, clipping."""

import pytest
import torch

import sonovox
from sonovox._internal.errors import ArgumentError, NonFiniteAudioError
from sonovox.inference.written_sources import write_sources

RATE = 8000
STEP = 2**-15  # of 16 bits


def tone(hertz, seconds=2.0, rate=RATE):
    return torch.sin(2 * torch.pi * hertz * torch.arange(round(seconds * rate)) / rate)


@pytest.fixture
def targets(tmp_path):
    return [tmp_path / "out" / "one.wav", tmp_path / "out" / "two.wav"]


def written(targets):
    return torch.cat([sonovox.load(target)[0] for target in targets])


def test_parts_are_joined(tmp_path, targets):
    sources = 0.4 * torch.stack((tone(300), tone(500)))
    sonovox.save(tmp_path / "mix.wav", sources.sum(0, keepdim=True), RATE)
    heard = []
    result = write_sources(tmp_path / "mix.wav", sources.split(3001, 1), RATE, targets, reached=heard.append)
    torch.testing.assert_close(written(targets), sources, atol=STEP, rtol=0)
    assert (result.scale, result.clipped) == (1.0, 0)
    assert heard[-1] == pytest.approx(2.0)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["one.wav", "two.wav"]


@pytest.mark.parametrize(("rate", "n_samples"), [(44100, 44100 * 2 + 17), (16000, 32001), (8000, 15999)])
def test_files_have_the_rate_and_the_length_of_the_recording(tmp_path, targets, rate, n_samples):
    mix = 0.5 * tone(300, n_samples / rate, rate)[:n_samples]
    sonovox.save(tmp_path / "mix.wav", mix.repeat(2, 1), rate)
    low = 0.5 * tone(300, n_samples / rate)
    write_sources(tmp_path / "mix.wav", [torch.stack((low, 0 * low))], RATE, targets)
    for target in targets:
        metadata = sonovox.info(target)
        assert (metadata.sample_rate, metadata.num_frames, metadata.num_channels) == (rate, n_samples, 1)
        assert metadata.bits_per_sample == 16
    inside = slice(rate // 4, -rate // 4)  # where the filter does not reach the ends
    torch.testing.assert_close(written(targets)[0, inside], mix[inside], atol=1e-3, rtol=0)
    assert not written(targets)[1].any()


def test_loudness_and_sign_are_those_in_the_recording(tmp_path, targets):
    sources = torch.stack((0.5 * tone(300, 25), 0.2 * tone(500, 25)))  # more than two blocks
    sonovox.save(tmp_path / "mix.wav", sources.sum(0, keepdim=True), RATE)
    strange = sources * torch.tensor([[-7.0], [0.01]])
    result = write_sources(tmp_path / "mix.wav", strange.split(RATE, 1), RATE, targets, fit=True)
    torch.testing.assert_close(written(targets), sources, atol=2 * STEP, rtol=0)
    assert result.scale == 1.0


def test_silent_and_equal_sources_have_no_gains_of_their_own(tmp_path, targets):
    sonovox.save(tmp_path / "mix.wav", 0.4 * tone(300)[None], RATE)
    write_sources(tmp_path / "mix.wav", [torch.stack((0.4 * tone(300), 0 * tone(300)))], RATE, targets, fit=True)
    torch.testing.assert_close(written(targets)[0], 0.4 * tone(300), atol=STEP, rtol=0)
    assert not written(targets)[1].any()
    write_sources(tmp_path / "mix.wav", [tone(300).repeat(2, 1)], RATE, targets, fit=True)
    torch.testing.assert_close(written(targets).sum(0), 0.4 * tone(300), atol=3 * STEP, rtol=0)


def test_what_would_clip_is_scaled_all_by_the_same(tmp_path, targets):
    sonovox.save(tmp_path / "mix.wav", 0.5 * tone(300)[None], RATE)
    sources = torch.stack((2 * tone(300), 0.5 * tone(500)))
    result = write_sources(tmp_path / "mix.wav", [sources], RATE, targets)
    assert (result.scale, result.clipped) == (pytest.approx(0.49, abs=1e-3), 0)
    torch.testing.assert_close(written(targets), result.scale * sources, atol=STEP, rtol=0)


def test_a_failure_leaves_what_stood_there(tmp_path, targets):
    sonovox.save(tmp_path / "mix.wav", 0.5 * tone(300)[None], RATE)
    write_sources(tmp_path / "mix.wav", [torch.zeros(2, 16000)], RATE, targets)
    before = [target.read_bytes() for target in targets]

    def parts():
        yield torch.ones(2, 100)
        yield torch.full((2, 100), torch.nan)

    with pytest.raises(NonFiniteAudioError):
        write_sources(tmp_path / "mix.wav", parts(), RATE, targets)
    with pytest.raises(ArgumentError, match="the model gives 3 sources, but there are 2 targets"):
        write_sources(tmp_path / "mix.wav", [torch.zeros(3, 9)], RATE, targets)
    assert [target.read_bytes() for target in targets] == before
    assert len(list((tmp_path / "out").iterdir())) == 2
