import sys
from types import SimpleNamespace

import pytest
import torch

from sonovox.errors import ArgumentError, ChoiceError, MissingDependencyError
from sonovox.metrics import pesq

SPEECH = torch.randn(2, 1600)


@pytest.fixture
def asked(monkeypatch):
    """The calls that a stand-in for the package got; it finds no speech where the reference is silent."""
    calls = []

    def score(rate, reference, degraded, mode, on_error):
        calls.append((rate, len(reference), mode))
        return 2.5 if reference.any() else -1

    package = SimpleNamespace(pesq=score, PesqError=SimpleNamespace(RETURN_VALUES=1))
    monkeypatch.setitem(sys.modules, "pesq", package)
    return calls


def test_each_item_is_scored_without_its_padding(asked):
    assert pesq(SPEECH, SPEECH, 16000, torch.tensor([1.0, 0.5])).tolist() == [2.5, 2.5]
    assert pesq(SPEECH[0], SPEECH[0], 8000) == 2.5
    assert asked == [(16000, 1600, "wb"), (16000, 800, "wb"), (8000, 1600, "nb")]


def test_no_speech_is_no_number(asked):
    assert pesq(SPEECH, 0 * SPEECH, 16000, mode="nb").isnan().all()


def test_what_cannot_be_meant_is_refused():
    with pytest.raises(ArgumentError, match="8000 or 16000, got 44100; resample to 16000"):
        pesq(SPEECH, SPEECH, 44100)
    with pytest.raises(ArgumentError, match="mode 'wb' needs a sample_rate of 16000"):
        pesq(SPEECH, SPEECH, 8000, mode="wb")
    with pytest.raises(ChoiceError, match="mode must be one of nb, wb"):
        pesq(SPEECH, SPEECH, 8000, mode="wide")


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pesq", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'sonovox\[quality\]'"):
        pesq(SPEECH, SPEECH, 16000)


@pytest.mark.peers
def test_the_package_hears_more_noise(speech_manifest):
    pytest.importorskip("pesq", reason="the package of the extra [quality]")
    from sonovox.dsp.resample import resample
    from sonovox.io import load

    clean, sample_rate = load(speech_manifest("ljspeech")[0]["audio"])
    clean = resample(clean[0], sample_rate, 16000)[:48000]
    noise = torch.randn(48000, generator=torch.Generator().manual_seed(0)) * clean.std()
    scores = pesq(torch.stack([clean + factor * noise for factor in (0.0, 0.03, 0.3)]), clean.expand(3, -1), 16000)
    assert scores[0] > 4.5
    assert scores.tolist() == sorted(scores.tolist(), reverse=True)
