"""Silero VAD as a detector; `models/silero_vad` has the network."""

import pytest
import torch

import sonovox
from sonovox._internal.errors import ArgumentError, HubError
from sonovox.inference import SileroDetector
from sonovox.models.silero_vad import SileroVAD


@pytest.fixture
def detector():
    torch.manual_seed(0)
    return SileroDetector(SileroVAD())


@pytest.fixture
def published():
    try:
        return SileroDetector.from_pretrained(device="cpu", progress=False)
    except HubError as error:
        pytest.skip(f"needs the weights of Silero VAD: {error.message}")


def noise(*shape):
    return 0.3 * torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_chunks_of_a_file_change_no_number(detector, tmp_path):
    sonovox.save(tmp_path / "a.wav", noise(1, 40000), 16000)
    whole = detector.get_speech_prob_file(tmp_path / "a.wav")
    heard = []
    parts = detector.get_speech_prob_file(tmp_path / "a.wav", 0.5, reached=heard.append)
    assert whole.shape == (1, 79, 1)
    torch.testing.assert_close(parts, whole, atol=1e-6, rtol=0)
    torch.testing.assert_close(detector.get_speech_prob_chunk(noise(1, 40000)), whole, atol=1e-6, rtol=0)
    assert heard == pytest.approx([0.512, 1.024, 1.536, 2.048, 2.5])


def test_any_rate_and_number_of_channels(detector, tmp_path):
    low = torch.nn.functional.interpolate(noise(1, 1, 4000), scale_factor=4, mode="linear")[0]  # nothing above 2 kHz
    sonovox.save(tmp_path / "a.wav", low, 16000)
    sonovox.save(tmp_path / "b.wav", sonovox.functional.resample(low, 16000, 48000).repeat(2, 1), 48000)
    expected = detector.get_speech_prob_file(tmp_path / "a.wav")
    torch.testing.assert_close(detector.get_speech_prob_file(tmp_path / "b.wav"), expected, atol=2e-3, rtol=0)


def test_a_batch_is_its_items_alone(detector):
    wavs = noise(3, 8000)
    together = detector.get_speech_prob_chunk(wavs)
    for wav, row in zip(wavs, together, strict=True):
        torch.testing.assert_close(detector.get_speech_prob_chunk(wav)[0], row, atol=1e-6, rtol=0)


def test_stretches_end_with_their_last_frame(detector):
    speech = torch.tensor([1, 0, 1, 1]).view(1, 4, 1)
    torch.testing.assert_close(detector.get_boundaries(speech), torch.tensor([[0, 0.032], [0.064, 0.128]]))
    assert detector.get_boundaries(speech, "samples").tolist() == [[0, 512], [1024, 2048]]


def test_a_chunk_needs_a_length(detector, tmp_path):
    sonovox.save(tmp_path / "a.wav", noise(1, 1000), 16000)
    with pytest.raises(ArgumentError, match="large_chunk_size"):
        detector.get_speech_prob_file(tmp_path / "a.wav", 0)


@pytest.mark.network
def test_speech_between_noises_is_found(published, speech_manifest, shared_data, tmp_path):
    noises, _ = sonovox.load(shared_data / "samples" / "noise" / "noise2.wav")
    speech, _ = sonovox.load(speech_manifest("librispeech")[0]["audio"], num_frames=6 * 16000)
    sonovox.save(tmp_path / "a.wav", torch.cat((noises, speech, noises), dim=1), 16000)
    found = published.get_speech_segments(tmp_path / "a.wav")
    before, after = noises.shape[1] / 16000, (noises.shape[1] + speech.shape[1]) / 16000
    assert before - 0.1 < found[0, 0] < before + 1.5
    assert after - 1.5 < found[-1, 1] < after + 0.2


@pytest.mark.network
def test_short_words_are_found(published, speech_manifest):
    digits = speech_manifest("digits")[::100]
    found = [published.get_speech_segments(item["audio"], len_th=0.1) for item in digits]
    assert sum(len(stretches) > 0 for stretches in found) >= 0.9 * len(digits)
