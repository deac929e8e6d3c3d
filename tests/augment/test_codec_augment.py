"""Codecs."""

import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.augment import CodecAugment
from sonovox.io.apply_codec import apply_codec

SPEECHLIKE = torch.sin(torch.arange(4000) * 0.05) * 0.3


@pytest.mark.parametrize("codec", [("wav", "ULAW"), ("mp3", None), ("opus", None)])
def test_items_come_back_from_the_codec(codec):
    y = CodecAugment(16000, codecs=[codec])(SPEECHLIKE.expand(2, -1))
    assert torch.equal(y[1], apply_codec(SPEECHLIKE, 16000, codec[0], encoding=codec[1]))
    assert 0.5 < float(y[1].norm() / SPEECHLIKE.norm()) < 1.5


def test_the_codec_is_drawn_for_each_item():
    y = CodecAugment(8000, codecs=[("wav", "ULAW"), ("wav", "ALAW")])(SPEECHLIKE.expand(40, -1))
    assert len(y.unique(dim=0)) == 2


def test_only_the_items_own_samples_are_encoded():
    y = CodecAugment(16000, codecs=[("mp3", None)])(SPEECHLIKE.expand(2, -1), torch.tensor([1.0, 0.5]))
    assert torch.equal(y[1, :2000], apply_codec(SPEECHLIKE[:2000], 16000, "mp3"))
    assert not y[1, 2000:].any()


def test_channels_are_kept():
    x = torch.stack((SPEECHLIKE, -SPEECHLIKE), 1).unsqueeze(0)
    y = CodecAugment(8000, codecs=[("wav", "ULAW")])(x)
    torch.testing.assert_close(y[..., 0], -y[..., 1])


def test_no_codecs_are_refused():
    with pytest.raises(ArgumentError, match="at least one pair"):
        CodecAugment(codecs=[])
