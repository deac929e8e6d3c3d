"""Containers of layers that tell each other their shapes, and hand lengths through."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError

__all__ = ["LengthsCapableSequential", "ModuleList", "Sequential"]

# What an open dimension counts as where the shape of an output is computed.
_BATCH, _TIME = 1, 256
_LENGTHS_NAMES = ("lengths", "wav_lens", "wav_len", "lens")


class Sequential(nn.ModuleDict):
    """Layers that follow one another; layers to be built are told the shape that comes out of those before them.

    Args:
        layers: layers, named by their place: "0", "1", and so on.
        input_shape: shape of the input, such as `(None, None, 40)`; None for open dimensions. Needed where
            layers are to be built.
        named_layers: layers with names.

    A layer of which the result is a tuple hands on the first of it.

    >>> from sonovox.nn.linear import Linear
    >>> model = Sequential(input_shape=[None, None, 40])
    >>> model.append(Linear, n_neurons=16, layer_name="linear")
    >>> model.append(nn.ReLU(), layer_name="act")
    >>> model.append(Linear, n_neurons=8, layer_name="linear")
    >>> list(model), model(torch.zeros(2, 50, 40)).shape
    (['linear', 'act', 'linear_0'], torch.Size([2, 50, 8]))
    """

    def __init__(self, *layers: Any, input_shape: Sequence[int | None] | None = None, **named_layers: Any) -> None:
        super().__init__()
        if not layers and input_shape is None and not named_layers:
            raise ArgumentError(
                "layers or input_shape must be given, got neither", hint="for example input_shape=[None, None, 40]"
            )
        self.input_shape = None if input_shape is None else list(input_shape)
        # Shape of what comes out of so many layers
        self._measured = 0
        self._output_shape = [size or (_TIME if place else _BATCH) for place, size in enumerate(input_shape or ())]
        self.lengths_arguments: dict[str, str | None] = {}  # layer -> what its forward calls the lengths
        for layer in layers:
            self.append(layer)
        for name, layer in named_layers.items():
            self.append(layer, layer_name=name)

    def append(self, layer: Any, *args: Any, layer_name: str | None = None, **kwargs: Any) -> None:
        """Add a layer at the end.

        Args:
            layer: a module, or what builds one (a class, or a `functools.partial` of it). What takes `input_shape` is
                told the shape of the output so far.
            args: for building the layer.
            layer_name: its name; "_0", "_1", and so on are added to one that is taken. Its place if None.
            kwargs: for building the layer.

        Raises:
            ArgumentError: a layer to be built needs a shape, and the container has no `input_shape`.
        """
        if not isinstance(layer, nn.Module):
            parameters = inspect.signature(layer).parameters
            if "input_shape" in parameters and "input_shape" not in kwargs and not _size_is_given(kwargs):
                kwargs["input_shape"] = self.get_output_shape()
            layer = layer(*args, **kwargs)
        name = str(len(self)) if layer_name is None else layer_name
        if name in self:
            name = next(f"{name}_{number}" for number in range(len(self)) if f"{name}_{number}" not in self)
        self.add_module(name, layer)
        self.lengths_arguments[name] = _lengths_argument(layer.forward)

    def get_output_shape(self) -> list[int]:
        """Shape of the output for an input of `input_shape`, where an open batch counts as 1 and open time as 256."""
        if self.input_shape is None:
            raise ArgumentError(
                "input_shape must be given to build layers by the shape of their input", hint="give it to the container"
            )
        for layer in list(self.values())[self._measured :]:
            self._output_shape = _measured(layer, self._output_shape)
            self._measured += 1
        return list(self._output_shape)

    def _as_measured(self, shape: list[int]) -> bool:
        """Whether `get_output_shape` tells what comes of an input of this shape."""
        plain = type(self).forward in (Sequential.forward, LengthsCapableSequential.forward)
        given = self.input_shape or ()
        return plain and shape == [size or (_TIME if place else _BATCH) for place, size in enumerate(given)]

    def forward(self, x: Tensor) -> Any:
        """What comes out of the last layer."""
        return _pass_through(self.values(), x)


class LengthsCapableSequential(Sequential):
    """A `Sequential` that hands the relative lengths of the items to every layer that takes them.

    That is a layer whose `forward` has an argument `lengths`, `wav_lens`, `wav_len` or `lens`.

    Args:
        args: layers, see `Sequential`.
        kwargs: `input_shape` and named layers.

    >>> from sonovox.nn.pooling import StatisticsPooling
    >>> model = LengthsCapableSequential(nn.ReLU(), StatisticsPooling(return_std=False))
    >>> model(torch.tensor([[[1.0], [2.0], [9.0]]]), lengths=torch.tensor([2 / 3]))
    tensor([[[1.5000]]])
    """

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Any:
        """What comes out of the last layer; `lengths` are shares of the longest item, `(batch,)`."""
        for name, layer in self.items():
            argument = None if lengths is None else self.lengths_arguments.get(name)
            x = _first(layer(x, **{argument: lengths}) if argument else layer(x))
        return x


class ModuleList(nn.Module):
    """Layers that follow one another, which can be changed like a list.

    Args:
        layers: in their order.

    >>> layers = ModuleList(nn.ReLU(), nn.Linear(4, 2))
    >>> layers.append(nn.Sigmoid())
    >>> layers(torch.zeros(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Any:
        return _pass_through(self.layers, x)

    def append(self, module: nn.Module) -> None:
        """Add a layer at the end."""
        self.layers.append(module)

    def extend(self, modules: Iterable[nn.Module]) -> None:
        """Add layers at the end."""
        self.layers.extend(modules)

    def insert(self, index: int, module: nn.Module) -> None:
        """Add a layer before the one at `index`."""
        self.layers.insert(index, module)


def _pass_through(layers: Iterable[nn.Module], x: Tensor) -> Any:
    for layer in layers:
        x = _first(layer(x))
    return x


def _measured(layer: nn.Module, shape: list[int]) -> list[int]:
    """Shape of what comes out of `layer`: as it says, where it does, since a run takes long; else of a run."""
    if isinstance(layer, Sequential) and layer._as_measured(shape):
        return layer.get_output_shape()
    if callable(told := getattr(layer, "output_shape", None)):
        return list(told(shape))
    modes = [(module, module.training) for module in layer.modules()]
    layer.eval()  # statistics and the generator of random numbers stay as they are
    first = next(layer.parameters(), torch.empty(0))
    try:
        with torch.no_grad():
            return list(_first(layer(first.new_zeros(shape))).shape)
    finally:
        for module, training in modes:
            module.training = training


def _first(result: Any) -> Any:
    return result[0] if isinstance(result, tuple) else result


def _size_is_given(kwargs: dict[str, Any]) -> bool:
    return any(kwargs.get(name) is not None for name in ("input_size", "in_channels"))


def _lengths_argument(forward: Callable[..., Any]) -> str | None:
    parameters = inspect.signature(forward).parameters
    return next((name for name in _LENGTHS_NAMES if name in parameters), None)
