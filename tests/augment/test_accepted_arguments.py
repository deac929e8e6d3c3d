"""Which arguments a function can be given."""

import functools

import torch

from sonovox.augment import DropChunk, RandAmp, pink_noise_like
from sonovox.augment.accepted_arguments import accepts


def test_modules_are_asked_for_their_forward():
    assert accepts(DropChunk(), "lengths")
    assert not accepts(DropChunk(), "drop_start")
    assert accepts(RandAmp().forward, "seeds")


def test_functions_and_what_stands_for_them():
    assert accepts(functools.partial(pink_noise_like, sample_rate=8000), "seeds")
    assert not accepts(torch.randn_like, "seeds")
