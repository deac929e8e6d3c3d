"""A small encoder with random weights, and recordings with their text as a new user has them."""

import pytest
import torch

import sonovox
from small_encoder import write_folder

WORDS = ("abc", "cab", "bca a", "ab b")


@pytest.fixture(scope="session")
def encoder(tmp_path_factory):
    """A Hugging Face folder."""
    return write_folder(tmp_path_factory.mktemp("encoders") / "small")


@pytest.fixture
def record(tmp_path):
    """`record("data/a.wav", "text")`: a file of noise, and its text beside it."""

    def write(name, text=None, *, seconds=0.4, rate=8000, channels=1):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        generator = torch.Generator().manual_seed(len(name))
        sonovox.save(path, 0.2 * torch.rand(channels, round(seconds * rate), generator=generator) - 0.1, rate)
        if text is not None:
            path.with_suffix(".txt").write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def data(record, tmp_path):
    """A folder of twelve recordings."""
    for number in range(12):
        record(f"data/{number:02}.wav", WORDS[number % 4], seconds=0.3 + 0.02 * number)
    return tmp_path / "data"
