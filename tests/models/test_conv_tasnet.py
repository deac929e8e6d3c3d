import pytest
import torch

from sonovox._internal.errors import ChoiceError
from sonovox.models.conv_tasnet import Decoder, Encoder, MaskNet

SMALL = {"N": 12, "B": 8, "H": 10, "P": 3, "X": 2, "R": 2, "C": 3}


def test_windows_overlap_by_half_and_add():
    encoder, decoder = Encoder(8, 6), Decoder(8, 6)
    coefficients = encoder(torch.randn(2, 40))
    assert coefficients.shape == (2, 11, 6)
    masks = torch.rand(2, 11, 2, 6)
    waves = decoder(coefficients, masks)
    expected = torch.zeros(2, 48, 2)
    for frame in range(11):
        for source in range(2):
            window = decoder.basis_signals(coefficients[:, frame] * masks[:, frame, source])
            expected[:, 4 * frame : 4 * frame + 8, source] += window
    torch.testing.assert_close(waves, expected)


@pytest.mark.parametrize("norm_type", ["gLN", "cLN", "BN"])
def test_blocks_see_as_far_as_their_dilations(norm_type):
    model = MaskNet(**SMALL, norm_type=norm_type).eval()
    x = torch.rand(1, 12, 40)
    changed = x.clone()
    changed[:, :, 20] += 1
    reached = (model(changed) - model(x)).abs().amax((0, 1, 2)).nonzero().flatten()
    if norm_type == "gLN":  # the mean is of all steps
        assert reached.tolist() == list(range(40))
    else:  # 1 + 2 steps in each of two repeats
        assert 20 - 6 <= int(reached.min()) < 20 < int(reached.max()) <= 20 + 6


def test_causal_masks_do_not_see_what_comes_later():
    model = MaskNet(**SMALL, norm_type="cLN", causal=True).eval()
    x = torch.rand(1, 12, 40)
    torch.testing.assert_close(model(x)[..., :20], model(x[..., :20]))


def test_causal_convolutions_come_late_by_half_of_what_they_see():
    block = MaskNet(**SMALL, norm_type="cLN", causal=True).temporal_conv_net["temporalblock_0_1"]
    convolution, chomp = block.layers["DSconv"]["conv_0"], block.layers["DSconv"]["chomp"]
    x = torch.zeros(1, 30, 10)
    x[:, 10] = 1.0
    # Taps two steps apart: the newest hears the step 2 before, not the present one.
    heard = chomp(convolution(x)).abs().sum(2)[0]
    assert heard.shape == (30,)
    assert heard.nonzero().flatten().tolist() == [12, 14, 16]


def test_masks_of_a_source_sum_to_one_over_the_coefficients_with_softmax():
    masks = MaskNet(**SMALL, mask_nonlinear="softmax")(torch.rand(2, 12, 30))
    torch.testing.assert_close(masks.sum(2), torch.ones(len(masks), 2, 30))


@pytest.mark.parametrize("arguments", [{"norm_type": "gln"}, {"mask_nonlinear": "sigmoid"}])
def test_unknown_names_are_told(arguments):
    with pytest.raises(ChoiceError, match=next(iter(arguments))):
        MaskNet(**SMALL, **arguments)
