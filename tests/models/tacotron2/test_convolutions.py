import torch

from models.model_properties import check_exports
from sonovox.models.tacotron2.convolutions import Postnet


@torch.no_grad()
def test_what_is_behind_a_mask_changes_nothing_before_it():
    postnet, mel = Postnet(4, 6, 5, 3).eval(), torch.randn(1, 4, 12)
    mask = torch.arange(12).unsqueeze(0) < 8
    torch.testing.assert_close(postnet(mel, mask)[..., :8], postnet(mel[..., :8]))
    assert (postnet(mel)[..., :8] - postnet(mel[..., :8])).abs().max() > 1e-4


@torch.no_grad()
def test_the_last_convolution_is_not_bounded():
    postnet = Postnet(4, 6, 5, 3).eval()
    torch.nn.init.constant_(postnet.convolutions[-1][1].bias, 7.0)
    assert postnet(torch.randn(1, 4, 12)).mean() > 5


def test_half_of_the_channels_drop_out_in_training():
    postnet = Postnet(4, 6, 5, 3).train()
    assert 0.3 < (postnet(torch.randn(8, 4, 100)) == 0).float().mean() < 0.7


def test_exports_for_any_number_of_frames():
    check_exports(Postnet(4, 6, 5, 3).eval(), torch.randn(2, 4, 12), torch.randn(2, 4, 31), axis=2)
