import importlib
import pkgutil

import torch
from torch import nn

import sonovox
import sonovox.dsp
from sonovox import transforms

# What several transforms share, and is none.
BUILDING_BLOCKS = {"inverse_filter_bank"}


def test_every_module_of_dsp_is_in_the_face():
    files = {found.name for found in pkgutil.iter_modules(sonovox.dsp.__path__)} - BUILDING_BLOCKS
    homes = [importlib.import_module(f"sonovox.dsp.{file}") for file in sorted(files)]
    public = {name: getattr(home, name) for home in homes for name in home.__all__}
    modules = {
        name: thing for name, thing in public.items() if isinstance(thing, type) and issubclass(thing, nn.Module)
    }
    assert sorted(modules) == transforms.__all__
    assert all(getattr(transforms, name) is thing for name, thing in modules.items())


def test_the_package_offers_the_face():
    assert sonovox.transforms is transforms
    assert sonovox.transforms.Resample(3, 2)(torch.zeros(6)).shape == (4,)
