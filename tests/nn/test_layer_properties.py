"""What all layers and models have in common: gradient, compile, export, batch, padding."""

import pytest
import torch
from torch.autograd import gradcheck

from nn.layers import LAYERS
from sonovox import nn as public


def _having(what):
    return [pytest.param(layer, id=name) for name, layer in LAYERS.items() if what not in layer.without]


def _module(layer):
    torch.manual_seed(0)
    return layer.build().eval()


def _inputs(layer, batch, time):
    torch.manual_seed(1)
    return layer.inputs(batch, time)


def test_every_public_layer_stands_in_the_table():
    named = {name.split()[0] for name in LAYERS}
    # One step each, of the decoder that stands there; and no layer.
    steps = {"ContentBasedAttention", "KeyValueAttention", "LocationAwareAttention", "GRUCell", "LSTMCell", "RNNCell"}
    steps |= {"DynChunkTrainConfig", "FilterProperties"}
    # Chunk by chunk, tested where they are.
    steps |= {"StreamingFeatureWrapper", "StreamingFeatureWrapperContext"}
    assert {name for name in public.__all__ if name[0].isupper()} - named == steps


@pytest.mark.parametrize("layer", _having("gradient"))
def test_gradients_are_those_of_finite_differences(layer):
    module = _module(layer).double()
    inputs = tuple(
        x.double().requires_grad_() if x.is_floating_point() and i == layer.time_input else x
        for i, x in enumerate(_inputs(layer, 2, 5))
    )
    inputs = tuple(x.double() if x.is_floating_point() and not x.requires_grad else x for x in inputs)
    weights = [p for p in module.parameters() if p.requires_grad]

    def run(*given):
        return layer.run(module, given[: len(inputs)])

    assert gradcheck(run, (*inputs, *weights), fast_mode=True)


@pytest.mark.parametrize("layer", _having("compile"))
def test_compiles_in_one_graph(layer):
    module, inputs = _module(layer), _inputs(layer, 2, layer.time)
    torch.compiler.reset()
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    with torch.no_grad():
        torch.testing.assert_close(layer.run(compiled, inputs), layer.run(module, inputs))


@pytest.mark.parametrize("layer", _having("export"))
def test_exports_for_any_time(layer):
    module = _module(layer)
    inputs, longer = _inputs(layer, 2, layer.time), _inputs(layer, 2, 2 * layer.time + 2)
    shapes = [None] * len(inputs)
    shapes[layer.time_input] = {layer.time_axis: torch.export.Dim.AUTO}
    with torch.no_grad():
        program = torch.export.export(module, inputs, dynamic_shapes=tuple(shapes)).module()
        torch.testing.assert_close(layer.run(program, longer), layer.run(module, longer))


@pytest.mark.parametrize("layer", _having("alone"))
def test_a_batch_gives_what_its_items_give_alone(layer):
    module, inputs = _module(layer), _inputs(layer, 3, layer.time)
    with torch.no_grad():
        together = layer.run(module, inputs)
        for item in range(3):
            alone = layer.run(module, tuple(x[item : item + 1] for x in inputs))
            torch.testing.assert_close(together[item : item + 1], alone)


@pytest.mark.parametrize(
    "layer", [pytest.param(layer, id=name) for name, layer in LAYERS.items() if layer.lengths and not layer.without]
)
def test_a_padded_item_gives_what_it_gives_alone(layer):
    module, (x,) = _module(layer), _inputs(layer, 2, 20)
    steps = 13
    padded = x.clone()
    padded.narrow(layer.time_axis, steps, 20 - steps)[1] = 1e3
    with torch.no_grad():
        together = layer.run(module, (padded,), torch.tensor([1.0, steps / 20]))[1:]
        alone = layer.run(module, (x[1:].narrow(layer.time_axis, 0, steps),), torch.ones(1))
    if alone.shape != together.shape:
        together = together.narrow(layer.time_axis, 0, steps)
    torch.testing.assert_close(together, alone)
