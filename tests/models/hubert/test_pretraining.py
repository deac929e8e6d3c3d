import json

import numpy as np
import pytest
import torch
from torch import nn

from sonovox._internal.errors import ArgumentError
from sonovox.hub import load_weights
from sonovox.models.hubert import HuBERTPretrainModel, LogitGenerator, MaskGenerator
from sonovox.models.wav2vec2.factories import wav2vec2_model


class FixedMask(nn.Module):
    """The mask of the reference instead of a random one."""

    def __init__(self, generator):
        super().__init__()
        self.mask_embedding = generator.mask_embedding
        self.mask = None

    def forward(self, x, counts):
        x = x.clone()
        x[self.mask] = self.mask_embedding
        return x, self.mask


def reference_model(folder):
    config = json.loads((folder / "config.json").read_text())
    sizes = {name: value for name, value in config["args"].items() if name.startswith(("extractor_", "encoder_"))}
    encoder, width = wav2vec2_model(**sizes, aux_num_out=None), sizes["encoder_embed_dim"]
    logits = LogitGenerator(width, config["args"]["num_classes"], config["args"]["final_dim"])
    model = HuBERTPretrainModel(encoder, FixedMask(MaskGenerator(width)), logits, config["args"]["feature_grad_mult"])
    model.load_state_dict(load_weights(folder / "weights.safetensors"))
    return model.eval()


@pytest.mark.parametrize("call", ["fixed_mask", "fixed_mask_lengths"])
def test_logits_are_those_of_torchaudio(torchaudio_reference, call):
    folder = torchaudio_reference / "models" / "hubert_pretrain"
    model = reference_model(folder)
    inputs = {
        name.partition(".")[2]: torch.from_numpy(array)
        for name, array in np.load(folder / "inputs.npz").items()
        if name.partition(".")[0] == call
    }
    model.mask_generator.mask = inputs.pop("mask").bool()
    outputs = np.load(folder / "outputs.npz")
    for name, found in zip(("logit_m", "logit_u", "feature_penalty"), model(**inputs), strict=True):
        # float32 over some thousand operations; equal infinities are equal.
        torch.testing.assert_close(found, torch.from_numpy(outputs[f"{call}.out32.{name}"]), rtol=1e-4, atol=1e-5)


def test_masks_are_drawn_from_the_generator_and_stay_in_the_item():
    masking = MaskGenerator(4, mask_prob=0.5, mask_length=3, mask_channel_prob=0.5, mask_channel_length=1)
    x, counts = torch.randn(2, 30, 4), torch.tensor([30, 12])
    masking.generator = torch.Generator().manual_seed(1)
    first, mask = masking(x, counts)
    masking.generator = torch.Generator().manual_seed(1)
    assert torch.equal(masking(x, counts)[0], first)
    assert mask.any(1).all()
    assert not mask[1, 12:].any()
    assert (first == 0).all(1).any(), "no channel was zeroed"


def test_the_gradient_of_the_convolutions_is_scaled():
    sizes = [(4, 10, 5), (4, 3, 2)]
    torch.manual_seed(0)
    encoder = wav2vec2_model("group_norm", sizes, False, 8, 0.0, 4, 2, 1, 2, 0.0, 8, 0.0, 0.0, False, 0.0, None).eval()
    masks, logits = FixedMask(MaskGenerator(8)), LogitGenerator(8, 5, 3)
    masks.mask = torch.zeros(1, 39, dtype=torch.bool)
    masks.mask[0, 5:9] = True
    gradients = []
    for factor in (None, 0.1):
        model = HuBERTPretrainModel(encoder, masks, logits, factor)
        model.zero_grad()
        model(torch.linspace(-1, 1, 400)[None], torch.zeros(1, 39, dtype=torch.long))[0][:, 0].sum().backward()
        gradients.append(encoder.feature_extractor.conv_layers[0].conv.weight.grad.clone())
    torch.testing.assert_close(gradients[1], 0.1 * gradients[0])


def test_labels_must_be_one_a_frame():
    encoder = wav2vec2_model("group_norm", [(4, 10, 5)], False, 8, 0.0, 4, 2, 1, 2, 0.0, 8, 0.0, 0.0, False, 0.0, None)
    model = HuBERTPretrainModel(encoder, MaskGenerator(8), LogitGenerator(8, 5, 3))
    with pytest.raises(ArgumentError, match=r"labels must be \(1, 79\)"):
        model(torch.zeros(1, 400), torch.zeros(1, 3, dtype=torch.long))
