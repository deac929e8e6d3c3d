import copy

import pytest
import torch
from torch import nn

from models.model_properties import check_compiles, check_exports, check_gradient
from small_encoder import encoder, speech
from sonovox._internal.errors import ArgumentError
from sonovox.nn import AdaptedModel, HoulsbyAdapterLinear, LoRA, insert_adapters, merge_adapters, unmerge_adapters
from sonovox.nn import Linear as NamedLinear


def stirred(module):
    """With products that are not zero."""
    torch.manual_seed(1)
    for name, parameter in module.named_parameters():
        if "lora_B" in name or "up_proj" in name:
            nn.init.normal_(parameter, std=0.3)
    return module


def test_the_formula_of_the_paper():
    base, x = nn.Linear(6, 5), torch.randn(3, 6)
    layer = stirred(LoRA(base, rank=2, alpha=3.0))
    for row in range(3):
        low = [sum(layer.lora_A.weight[i, j] * x[row, j] for j in range(6)) for i in range(2)]
        for out in range(5):
            added = 3.0 / 2 * sum(layer.lora_B.weight[out, i] * low[i] for i in range(2))
            assert layer(x)[row, out].item() == pytest.approx((base(x)[row, out] + added).item(), abs=1e-5)
    assert LoRA(nn.Linear(6, 5), rank=4, alpha=3.0, rank_stabilised=True).scaling == 1.5


def test_numbers_are_those_of_peft():
    peft = pytest.importorskip("peft")
    model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 4))
    for stabilised in (False, True):
        settings = {"r": 2, "lora_alpha": 5, "target_modules": ["0", "2"], "use_rslora": stabilised}
        theirs = stirred(peft.get_peft_model(copy.deepcopy(model), peft.LoraConfig(**settings)))
        ours = copy.deepcopy(model)
        insert_adapters(ours, rank=2, alpha=5.0, rank_stabilised=stabilised)
        ours.load_state_dict(
            {
                name.removeprefix("base_model.model.").replace(".default", ""): tensor
                for name, tensor in theirs.state_dict().items()
            }
        )
        x = torch.randn(3, 6)
        torch.testing.assert_close(ours(x), theirs(x))


@pytest.mark.parametrize(
    ("base", "shape"),
    [
        (lambda: nn.Linear(6, 5), (2, 7, 6)),
        (lambda: nn.Linear(6, 5, bias=False), (2, 7, 6)),
        (lambda: nn.Conv1d(6, 5, 3, stride=2, padding=1), (2, 6, 9)),
        (lambda: nn.Conv2d(6, 5, (3, 2), dilation=2), (2, 6, 9, 8)),
    ],
)
def test_a_layer_changes_nothing_at_first_and_merges_into_one(base, shape):
    layer = base()
    x = torch.randn(shape)
    before = layer(x)
    adapted = LoRA(layer, rank=3, alpha=2.0)
    torch.testing.assert_close(adapted(x), before)
    changed = stirred(adapted)(x)
    assert not torch.allclose(changed, before, atol=1e-2)
    weight = adapted.weight.clone()
    adapted.merge()
    adapted.merge()
    torch.testing.assert_close(adapted(x), changed, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(layer.weight, weight)
    adapted.unmerge()
    torch.testing.assert_close(adapted(x), changed, rtol=1e-4, atol=1e-5)


def test_only_the_adapter_learns():
    layer = stirred(LoRA(nn.Linear(6, 5), rank=3))
    layer(torch.randn(2, 6)).sum().backward()
    learns = {name for name, parameter in layer.named_parameters() if parameter.grad is not None}
    assert learns == {"lora_A.weight", "lora_B.weight"}


@pytest.mark.parametrize("adapter", [LoRA, HoulsbyAdapterLinear])
def test_gradient_graph_and_export(adapter):
    torch.manual_seed(0)
    model = stirred(adapter(nn.Linear(6, 5), 3))
    check_gradient(model, torch.randn(2, 4, 6))
    check_compiles(model, torch.randn(2, 4, 6))
    check_exports(model, torch.randn(2, 4, 6), torch.randn(2, 9, 6), axis=1)


def test_a_bottleneck_is_added_to_what_the_layer_gives():
    base = nn.Linear(6, 5)
    layer = stirred(HoulsbyAdapterLinear(base, 3, nn.Tanh))
    y = base(x := torch.randn(2, 6))
    expected = y + torch.tanh(y @ layer.adapter_down_proj.weight.T) @ layer.adapter_up_proj.weight.T
    expected = expected + layer.adapter_up_proj.bias
    torch.testing.assert_close(layer(x), expected)


def test_an_encoder_learns_by_its_adapters_alone_and_saves_them_alone():
    waves, lengths = speech()
    base = encoder()
    before = base(waves, lengths)[0]
    everything = set(base.state_dict())
    adapted = AdaptedModel(base, LoRA, target_layers=["*.q_proj", "*.v_proj"], adapter_kwargs={"rank": 2})
    torch.testing.assert_close(adapted(waves, lengths)[0], before)
    assert len(adapted.replace_layers) == 4
    assert adapted.feature_extractor is base.feature_extractor
    optimizer = torch.optim.SGD([p for p in adapted.parameters() if p.requires_grad], lr=0.1)
    for _ in range(2):
        adapted(waves, lengths)[0].square().mean().backward()
        optimizer.step()
    state = adapted.state_dict()
    assert {name.rpartition(".lora_")[2] for name in state} == {"A.weight", "B.weight"}
    fresh = AdaptedModel(encoder(), LoRA, target_layers=["*.q_proj", "*.v_proj"], adapter_kwargs={"rank": 2})
    fresh.load_state_dict(state)
    expected = adapted(waves, lengths)[0]
    torch.testing.assert_close(fresh(waves, lengths)[0], expected)
    merged = fresh.merge()
    assert set(merged.state_dict()) == everything
    torch.testing.assert_close(merged(waves, lengths)[0], expected, rtol=1e-4, atol=1e-4)


def test_adapters_that_rest_are_saved_too():
    adapted = AdaptedModel(nn.Sequential(nn.Linear(4, 4)), all_linear=True)
    adapted.requires_grad_(False)
    assert len(adapted.state_dict()) == 2


def test_unfrozen_layers_learn_and_are_saved():
    adapted = AdaptedModel(nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4)), target_layers=["0"], unfrozen_layers=["1"])
    assert sorted(adapted.state_dict())[-2:] == ["adapted_model.1.bias", "adapted_model.1.weight"]


def test_adapters_can_wait_for_weights():
    adapted = AdaptedModel(nn.Sequential(nn.Linear(4, 4)), all_linear=True, manual_adapter_insertion=True)
    assert sorted(adapted.state_dict()) == ["adapted_model.0.bias", "adapted_model.0.weight"]
    adapted.insert_adapters()
    assert isinstance(adapted.adapted_model[0], LoRA)


def test_a_model_is_changed_in_place_and_back():
    model = nn.Sequential(NamedLinear(4, input_size=6), nn.MultiheadAttention(4, 2))
    assert insert_adapters(model, rank=2) == ["0.w", "1.out_proj"]
    x = torch.randn(3, 2, 6)
    out = stirred(model)[1](*[model[0](x)] * 3)[0]  # torch's attention takes the weight and not the layer
    unmerge_adapters(model)
    merge_adapters(model)
    torch.testing.assert_close(model[1](*[model[0](x)] * 3)[0], out)
    assert not any(isinstance(module, LoRA) for module in model.modules())


def test_layers_that_are_not_there_are_told():
    with pytest.raises(ArgumentError, match=r"got \*\.query; such as 0"):
        AdaptedModel(nn.Sequential(nn.Linear(4, 4)), target_layers=["*.query"])
    with pytest.raises(ArgumentError, match="got none, with neither all_linear nor all_conv"):
        AdaptedModel(nn.Sequential(nn.Linear(4, 4)))
    with pytest.raises(ArgumentError, match="got Tanh"):
        LoRA(nn.Tanh())
    with pytest.raises(ArgumentError, match="got Conv1d"):
        LoRA(nn.Conv1d(4, 4, 3, groups=2))
    with pytest.raises(ArgumentError, match="got Conv1d"):
        HoulsbyAdapterLinear(nn.Conv1d(4, 4, 3), 2)
