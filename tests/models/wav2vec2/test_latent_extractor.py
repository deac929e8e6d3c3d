import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.models.wav2vec2 import W2VLatentExtractor

# SpeechBrain's numbers: tests/nn/test_reference_layers.py


def test_frames_are_as_many_as_promised():
    extractor = W2VLatentExtractor([4] * 3, [11, 3, 2], [5, 2, 2])
    for samples in (100, 157, 300):
        assert extractor(torch.randn(1, samples)).shape[1] == extractor.get_output_lengths(torch.tensor(samples))


def test_with_lengths_a_batch_is_its_items():
    extractor = W2VLatentExtractor([4] * 3, [11, 3, 2], [5, 2, 2]).eval()
    waves = torch.randn(2, 400) + 0.5
    waves[1, 200:] = 0
    batch = extractor(waves, wav_lens=torch.tensor([1.0, 0.5]))
    alone = extractor(waves[1:, :200])
    torch.testing.assert_close(batch[1:, : alone.shape[1]], alone)


def test_lists_must_have_one_length():
    with pytest.raises(ArgumentError, match="got 2, 7 and 7"):
        W2VLatentExtractor([4, 4])
