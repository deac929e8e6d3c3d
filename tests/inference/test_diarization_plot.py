"""The picture: what is drawn is there; how it looks was looked at."""

import pytest
import torch

import sonovox
from sonovox.inference import Diarization
from sonovox.inference.diarization_plot import _levels, plot_diarization
from sonovox.text import Turn

pytest.importorskip("matplotlib", reason="needs the extra [plot]")


@pytest.mark.parametrize("seconds", [0.01, 3.0, 100.0])
def test_a_tone_is_where_it_sounds(tmp_path, seconds):
    time = torch.arange(round(seconds * 16000)) / 16000
    samples = torch.where(time < seconds / 2, torch.sin(2 * torch.pi * 1000 * time), 0.0)
    sonovox.save(tmp_path / "a.wav", samples[None], 16000)
    levels = _levels(tmp_path / "a.wav", seconds)
    bins, columns = levels.shape
    assert (bins, columns <= 1200) == (129, True)
    if columns > 4:
        assert levels[:, columns // 4].argmax() == 32  # 1000 Hz of 31.25 a bin
        assert levels[:, 3 * columns // 4].max() < levels[32, columns // 4] - 60


def test_a_picture_is_written(tmp_path):
    sonovox.save(tmp_path / "a.wav", torch.zeros(1, 16000), 16000)
    for name, turns in (("a", (Turn(0.0, 0.4, "speaker1"), Turn(0.5, 0.9, "speaker2"))), ("b", ())):
        plot_diarization(Diarization(turns, 1.0), tmp_path / "a.wav", tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
