import pytest
import torch

from sonovox._internal.errors import ArgumentError, OfflineError
from sonovox.inference import VAD, SileroDetector
from sonovox.inference.load_detector import load_detector
from sonovox.models.silero_vad import SileroVAD


def test_a_folder_is_read_as_one(speechbrain_reference):
    detector = load_detector(speechbrain_reference / "vad-crdnn" / "model", device="cpu")
    assert type(detector) is VAD


def test_without_a_source_it_is_silero(monkeypatch):
    monkeypatch.setattr("sonovox.inference.silero_detector.load_silero_vad", lambda **_: SileroVAD())
    detector = load_detector(device="cpu")
    assert isinstance(detector, SileroDetector)
    assert detector.device == torch.device("cpu")


def test_what_is_not_here_is_told_offline(tmp_path, monkeypatch):
    monkeypatch.setenv("SONOVOX_CACHE", str(tmp_path))
    with pytest.raises(OfflineError, match="silero-vad"):
        load_detector(device="cpu", offline=True)


def test_a_device_that_is_not_there():
    with pytest.raises(ArgumentError, match="device 'nowhere'"):
        load_detector(device="nowhere")
