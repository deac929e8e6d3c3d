import importlib
import pkgutil

import torch
from torch import nn

import sonovox
import sonovox.dsp
from sonovox import functional

# Files of dsp whose names are building blocks of its ops, and not for callers.
BUILDING_BLOCKS = {
    "banded",
    "biquad_design",
    "cepstrum",
    "eager",
    "filter_bank",
    "frames",
    "inverse_filter_bank",
    "overlap_add",
    "resample_between",
    "resample_hq",
    "resample_sinc",
    "rnnt_lattice",
    "smooth_path",
    "transcripts",
    "wave_table",
}

# Packages of dsp that have a face of their own, because some of their names are names of other functions here.
OTHER_FACES = {"kaldi": "sonovox.compliance.kaldi"}

# Functions that people of this field look for in the face, and that live in another package for the sake of the layers.
ELSEWHERE = {
    "apply_codec": "sonovox.io.apply_codec",  # reads and writes files, if only in memory
    "edit_distance": "sonovox.text.edit_distance",  # on symbols, not on sound
}


def public_names():
    for module in pkgutil.iter_modules(sonovox.dsp.__path__):
        if module.name not in BUILDING_BLOCKS | OTHER_FACES.keys():
            home = importlib.import_module(f"sonovox.dsp.{module.name}")
            yield from ((name, getattr(home, name)) for name in home.__all__)
    for name, home in ELSEWHERE.items():
        yield name, getattr(importlib.import_module(home), name)


def is_module(thing):
    return isinstance(thing, type) and issubclass(thing, nn.Module)


def test_every_function_of_dsp_is_in_the_face():
    functions = {name: thing for name, thing in public_names() if not is_module(thing)}
    assert sorted(functions) == functional.__all__
    assert all(getattr(functional, name) is thing for name, thing in functions.items())


def test_the_package_offers_the_face():
    assert sonovox.functional is functional
    assert sonovox.functional.resample(torch.zeros(6), 3, 2).shape == (4,)
