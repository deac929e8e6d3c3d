"""Adapters: a pretrained model learns something new with few weights of its own, while all others stay as they are.

LoRA: Hu et al., "LoRA: low-rank adaptation of large language models", ICLR 2022,
`y = W x + (alpha / rank) B A x`. Bottlenecks: Houlsby et al., "Parameter-efficient
transfer learning for NLP", ICML 2019. Weights of LoRA have the names of peft
(`lora_A`, `lora_B`, `base_layer`); `integrations/peft.py` reads and writes its folders.
"""

import math
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, cast

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_positive, did_you_mean
from sonovox._internal.errors import ArgumentError
from sonovox.nn.activations import Swish

__all__ = ["AdaptedModel", "HoulsbyAdapterLinear", "LoRA", "insert_adapters", "merge_adapters", "unmerge_adapters"]

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


class LoRA(nn.Module):
    """A frozen layer and a trained product of two small matrices beside it, which changes nothing at first.

    `weight` and `bias` are those of the layer that the two make together.

    Args:
        target_module: a linear layer, or a convolution without groups.
        rank: features between the two matrices.
        alpha: the product is weighted by `alpha / rank`.
        dropout: of what the product is given, in training.
        rank_stabilised: weight it by `alpha / sqrt(rank)` instead (Kalajdzievski, 2023).

    Raises:
        ArgumentError: another kind of layer, or no rank.

    >>> layer = LoRA(nn.Linear(64, 32), rank=4)
    >>> layer(torch.zeros(8, 60, 64)).shape, sum(p.numel() for p in layer.parameters() if p.requires_grad)
    (torch.Size([8, 60, 32]), 384)
    """

    def __init__(
        self,
        target_module: nn.Module,
        rank: int = 16,
        alpha: float = 1.0,
        dropout: float = 0.0,
        rank_stabilised: bool = False,
    ) -> None:
        super().__init__()
        check_positive("rank", rank)
        self.rank, self.alpha, self.rank_stabilised = rank, alpha, rank_stabilised
        self.base_layer = _frozen(target_module)
        self.dropout = nn.Dropout(dropout)
        self.lora_A, self.lora_B = _factors(target_module, rank)
        nn.init.kaiming_uniform_(self.lora_A.weight, a=math.sqrt(5))
        nn.init.zeros_(self.lora_B.weight)
        self.merged = False

    def extra_repr(self) -> str:
        return f"rank={self.rank}, alpha={self.alpha}, merged={self.merged}"

    def forward(self, x: Tensor) -> Tensor:
        """What `target_module` gives, and the product on top."""
        if self.merged:
            return self.base_layer(x)
        return self.base_layer(x) + self.scaling * self.lora_B(self.lora_A(self.dropout(x)))

    @property
    def scaling(self) -> float:
        """What the product is weighted by."""
        return self.alpha / (math.sqrt(self.rank) if self.rank_stabilised else self.rank)

    @property
    def weight(self) -> Tensor:
        """`W + scaling B A`: for code that takes the weights of a layer and not the layer."""
        base = cast(Tensor, self.base_layer.weight)
        return base if self.merged else base + self.change()

    @property
    def bias(self) -> Tensor | None:
        return cast(Tensor | None, self.base_layer.bias)

    def change(self) -> Tensor:
        """`scaling B A`, in the shape of the weight."""
        product = self.lora_B.weight.flatten(1) @ self.lora_A.weight.flatten(1)
        return self.scaling * product.view_as(cast(Tensor, self.base_layer.weight))

    @torch.no_grad()
    def merge(self) -> None:
        """Add the product to the frozen weight: from then on the layer costs what it cost before. Twice is once."""
        if not self.merged:
            cast(Tensor, self.base_layer.weight).add_(self.change())
            self.merged = True

    @torch.no_grad()
    def unmerge(self) -> None:
        """Take it away again; the weight is then as before but for rounding."""
        if self.merged:
            cast(Tensor, self.base_layer.weight).sub_(self.change())
            self.merged = False


class HoulsbyAdapterLinear(nn.Module):
    """A frozen linear layer, and a small bottleneck with an activation whose result is added to what it gives.

    Args:
        target_linear: the layer.
        projection_size: features of the bottleneck.
        activation: builds the activation.
        bias: whether the two layers of the bottleneck have biases, 0 at first.

    Raises:
        ArgumentError: another kind of layer.

    >>> HoulsbyAdapterLinear(nn.Linear(64, 32), projection_size=8)(torch.zeros(8, 60, 64)).shape
    torch.Size([8, 60, 32])
    """

    def __init__(
        self,
        target_linear: nn.Module,
        projection_size: int,
        activation: Callable[[], nn.Module] = Swish,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if not isinstance(target_linear, nn.Linear):
            raise ArgumentError(f"target_linear must be a linear layer, got {type(target_linear).__name__}")
        like = {"device": target_linear.weight.device, "dtype": target_linear.weight.dtype}
        size = target_linear.out_features
        self.base_layer = _frozen(target_linear)
        self.adapter_down_proj = nn.Linear(size, projection_size, bias=bias, **like)
        self.adapter_up_proj = nn.Linear(projection_size, size, bias=bias, **like)
        self.activation = activation()
        if bias:
            nn.init.zeros_(self.adapter_down_proj.bias)
            nn.init.zeros_(self.adapter_up_proj.bias)

    def forward(self, x: Tensor) -> Tensor:
        y = self.base_layer(x)
        return y + self.adapter_up_proj(self.activation(self.adapter_down_proj(y)))


class AdaptedModel(nn.Module):
    """A model of which only adapters, and layers that are named, learn; it is called as the model itself.

    Its state dict holds what learns and what is counted (such as running means), not the frozen weights, which come
    from where they came from at first: a checkpoint of a large model is small. Attributes are those of the model.

    Args:
        model_to_adapt: it is changed in place.
        adapter_class: builds an adapter from a layer.
        all_linear: adapt all linear layers.
        all_conv: adapt all convolutions without groups.
        target_layers: names of layers to adapt, with wildcards, such as `"*.q_proj"`.
        unfrozen_layers: names of other layers that learn, with wildcards.
        adapter_kwargs: further arguments of `adapter_class`, such as `{"rank": 8}`.
        manual_adapter_insertion: wait for `insert_adapters()`, until weights have been loaded.

    Raises:
        ArgumentError: no layer that fits.

    >>> model = AdaptedModel(nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2)), LoRA, target_layers=["0"])
    >>> sorted(model.state_dict())
    ['adapted_model.0.lora_A.weight', 'adapted_model.0.lora_B.weight']
    """

    def __init__(
        self,
        model_to_adapt: nn.Module,
        adapter_class: Callable[..., nn.Module] = LoRA,
        all_linear: bool = False,
        all_conv: bool = False,
        target_layers: Sequence[str] = (),
        unfrozen_layers: Sequence[str] = (),
        adapter_kwargs: Mapping[str, Any] | None = None,
        manual_adapter_insertion: bool = False,
    ) -> None:
        super().__init__()
        self.adapted_model = model_to_adapt
        self.adapter_class, self.adapter_kwargs = adapter_class, dict(adapter_kwargs or {})
        self.replace_layers = _names_to_adapt(model_to_adapt, all_linear, all_conv, target_layers)
        model_to_adapt.requires_grad_(False)
        for name, module in model_to_adapt.named_modules():
            if name not in self.replace_layers and any(fnmatchcase(name, pattern) for pattern in unfrozen_layers):
                module.requires_grad_(True)
        self.frozen: frozenset[str] = frozenset()
        self.register_state_dict_post_hook(_without_frozen)
        self.register_load_state_dict_pre_hook(_with_frozen)
        if not manual_adapter_insertion:
            self.insert_adapters()

    def insert_adapters(self) -> None:
        """Put the adapters in; once, and before training."""
        for name in self.replace_layers:
            target = self.adapted_model.get_submodule(name)
            adapter = self.adapter_class(target, **self.adapter_kwargs)
            self.adapted_model.set_submodule(name, adapter.train(target.training))
        # By name, so that adapters that rest for a while are saved all the same.
        names = self.named_parameters(remove_duplicate=False)
        self.frozen = frozenset(name for name, parameter in names if not parameter.requires_grad)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the model gives."""
        return self.adapted_model(*args, **kwargs)

    def merge(self) -> nn.Module:
        """The model itself with all LoRA in its own weights; see `merge_adapters`."""
        return merge_adapters(self.adapted_model)

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name == "adapted_model":  # not yet there
                raise
            return getattr(super().__getattr__("adapted_model"), name)


def insert_adapters(
    model: nn.Module,
    target_layers: Sequence[str] | None = None,
    adapter_class: Callable[..., nn.Module] = LoRA,
    **adapter_kwargs: Any,
) -> list[str]:
    """Freeze a model and put adapters around its linear layers, in place; the names of the layers.

    Args:
        model: it keeps its class and methods.
        target_layers: names with wildcards; all linear layers where None.
        adapter_class: builds an adapter from a layer.
        adapter_kwargs: its further arguments, such as `rank=8`.

    Raises:
        ArgumentError: no layer that fits.

    >>> model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    >>> insert_adapters(model, ["2"], rank=2)
    ['2']
    """
    every = target_layers is None
    adapted = AdaptedModel(
        model, adapter_class, all_linear=every, target_layers=target_layers or (), adapter_kwargs=adapter_kwargs
    )
    return adapted.replace_layers


def merge_adapters(model: nn.Module) -> nn.Module:
    """The model without its LoRA layers, their products in its weights: the names and the speed that it had before.

    Args:
        model: changed in place, too.

    >>> model = nn.Sequential(nn.Linear(4, 4))
    >>> names = insert_adapters(model)
    >>> sorted(merge_adapters(model).state_dict())
    ['0.bias', '0.weight']
    """
    for name, layer in list(_lora_layers(model)):
        layer.merge()
        layer.base_layer.requires_grad_(True)
        if not name:
            return layer.base_layer
        model.set_submodule(name, layer.base_layer)
    return model


def unmerge_adapters(model: nn.Module) -> None:
    """Undo `LoRA.merge` in all layers of a model.

    >>> model = nn.Sequential(LoRA(nn.Linear(4, 4)))
    >>> model[0].merge()
    >>> unmerge_adapters(model)
    >>> model[0].merged
    False
    """
    for _, layer in _lora_layers(model):
        layer.unmerge()


def _lora_layers(model: nn.Module) -> Iterator[tuple[str, LoRA]]:
    return ((name, module) for name, module in model.named_modules() if isinstance(module, LoRA))


def _names_to_adapt(model: nn.Module, all_linear: bool, all_conv: bool, target_layers: Sequence[str]) -> list[str]:
    found = []
    for name, module in model.named_modules():
        # A parametrised layer, such as one with weight norm, has no weight of its own to add to.
        if not name or hasattr(module, "parametrizations"):
            continue
        linear = isinstance(module, nn.Linear)
        plain = isinstance(module, _CONVOLUTIONS) and module.groups == 1
        named = any(fnmatchcase(name, pattern) for pattern in target_layers)
        if (linear and (named or all_linear)) or (plain and (named or all_conv)):
            found.append(name)
    if not found:
        names = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]
        wanted = ", ".join(target_layers) or "none, with neither all_linear nor all_conv"
        hint = did_you_mean(target_layers[0], names) if target_layers else ""
        raise ArgumentError(
            f"target_layers must name linear layers of {type(model).__name__}, got {wanted}",
            hint=hint or (f"such as {names[0]}" if names else "the model has none"),
        )
    return found


def _frozen(layer: nn.Module) -> nn.Module:
    return layer.requires_grad_(False)


def _factors(layer: nn.Module, rank: int) -> tuple[Any, Any]:
    """The two layers of a product that has the shape of a layer's weight."""
    if isinstance(layer, nn.Linear):
        like: dict[str, Any] = {"device": layer.weight.device, "dtype": layer.weight.dtype, "bias": False}
        return nn.Linear(layer.in_features, rank, **like), nn.Linear(rank, layer.out_features, **like)
    if isinstance(layer, _CONVOLUTIONS) and layer.groups == 1:
        build: Any = next(kind for kind in _CONVOLUTIONS if isinstance(layer, kind))
        like = {"device": layer.weight.device, "dtype": layer.weight.dtype, "bias": False}
        around = {name: getattr(layer, name) for name in ("stride", "padding", "dilation", "padding_mode")}
        down = build(layer.in_channels, rank, layer.kernel_size, **around, **like)
        return down, build(rank, layer.out_channels, 1, **like)
    raise ArgumentError(
        f"target_module must be a linear layer or a convolution without groups, got {type(layer).__name__}"
    )


def _without_frozen(module: nn.Module, state: MutableMapping[str, Any], prefix: str, _: object) -> None:
    """Leaves what learns and what is counted."""
    for name in cast(AdaptedModel, module).frozen:
        state.pop(prefix + name, None)


def _with_frozen(module: nn.Module, state: MutableMapping[str, Any], prefix: str, *_: object) -> None:
    """What was left out is what is there."""
    for name in cast(AdaptedModel, module).frozen:
        state.setdefault(prefix + name, module.get_parameter(name).data)
