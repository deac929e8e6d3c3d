import pytest
import torch
from torch import nn

from small_encoder import speech
from sonovox._internal.errors import ArgumentError, ChoiceError
from sonovox.models.wav2vec2.feature_extractor import ConvLayerBlock, FeatureExtractor, activation_module

LAYERS = [(4, 10, 5), (4, 3, 2), (6, 2, 2)]


@pytest.mark.parametrize("samples", [10, 14, 15, 39, 400, 401])
def test_frames_are_counted_as_the_convolutions_make_them(samples):
    extractor = FeatureExtractor.build("layer_norm", LAYERS, bias=True)
    features, counts = extractor(torch.randn(1, max(samples, 35)), torch.tensor([max(samples, 35)]))
    assert features.shape == (1, counts.item(), 6)
    assert extractor.frames(torch.tensor([3])).item() == 0


@pytest.mark.parametrize("mode", ["group_norm", "layer_norm"])
def test_without_the_padding_a_batch_is_its_items(mode):
    extractor = FeatureExtractor.build(mode, LAYERS, bias=False)
    nn.init.normal_(extractor.conv_layers[0].layer_norm.weight)
    extractor.norm_over_padding = False
    waves, lengths = speech((900, 611))
    features, counts = extractor(waves, lengths)
    for i, (length, count) in enumerate(zip(lengths, counts, strict=True)):
        alone, _ = extractor(waves[i : i + 1, :length])
        torch.testing.assert_close(features[i, :count], alone[0])


def test_with_it_the_group_norm_is_that_of_torch():
    extractor = FeatureExtractor.build("group_norm", LAYERS, bias=False)
    waves, lengths = speech((900, 611))
    torch.testing.assert_close(extractor(waves, lengths)[0], extractor(waves)[0])


def test_the_masked_group_norm_has_the_gradient_of_finite_differences():
    block = ConvLayerBlock(1, 2, 3, 2, True, nn.GroupNorm(2, 2)).double()
    x = torch.randn(2, 1, 15, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: block(x, torch.tensor([7, 4]))[1, :, :4], x)


def test_wrong_shapes_and_names_are_refused():
    with pytest.raises(ArgumentError, match=r"must be \(batch, time\), got \(1, 2, 400\)"):
        FeatureExtractor.build("group_norm", LAYERS, bias=False)(torch.zeros(1, 2, 400))
    with pytest.raises(ChoiceError, match="extractor_mode"):
        FeatureExtractor.build("batch_norm", LAYERS, bias=False)
    with pytest.raises(ChoiceError, match="did you mean gelu"):
        activation_module("gelo")
