import json

import numpy as np
import pytest
import torch

from sonovox.dsp import mvdr
from sonovox.dsp.mvdr import MVDR, PSD


def wide(tensor):
    return tensor.to(torch.complex128 if tensor.is_complex() else torch.float64)


def scene(*leading, dtype=torch.complex64):
    generator = torch.Generator().manual_seed(0)
    spectrum = torch.randn(*leading, 3, 5, 20, dtype=dtype, generator=generator)
    return spectrum, torch.rand(*leading, 5, 20, generator=generator)


@pytest.mark.parametrize("name", mvdr.__all__)
def test_equals_torchaudio_with_its_gradient(torchaudio_reference, name):
    folder = torchaudio_reference / "transforms"
    arrays = np.load(folder / f"{name}.npz")
    for call in json.loads((folder / f"{name}.json").read_text())["calls"]:
        inputs = {key: wide(torch.from_numpy(arrays[f"{call['id']}.in.{key}"])) for key in call["tensors"]}
        leaves = {key: value.requires_grad_() for key, value in inputs.items()}
        module = getattr(mvdr, name)(**call["constructor"])
        result = torch.view_as_real(module(**leaves, **call["kwargs"]))
        expected = torch.view_as_real(torch.from_numpy(arrays[f"{call['id']}.out64.0"]))
        torch.testing.assert_close(result.detach(), expected, rtol=1e-9, atol=1e-11)
        weight = torch.cos(0.37 * torch.arange(result.numel(), dtype=torch.float64).view(result.shape) + 0.1)
        (result * weight).sum().backward()
        for key, leaf in leaves.items():
            if f"{call['id']}.grad.{key}" in arrays:
                slope = wide(torch.from_numpy(arrays[f"{call['id']}.grad.{key}"]))
                torch.testing.assert_close(leaf.grad, slope, rtol=1e-5, atol=2e-6)  # some are stored in float32


def test_online_equals_torchaudio_call_by_call(torchaudio_reference):
    arrays = np.load(torchaudio_reference / "transforms" / "MVDR_online.npz")
    module = MVDR(ref_channel=0, online=True)
    for step in range(3):
        inputs = [torch.from_numpy(arrays[f"step{step}.{key}"]) for key in ("specgram", "mask_s", "mask_n")]
        # Both compute in float64 and round to complex64.
        torch.testing.assert_close(module(*inputs), torch.from_numpy(arrays[f"step{step}.out"]), rtol=1e-6, atol=1e-7)


def test_online_forgets_on_reset_and_refuses_another_shape():
    spectrum, mask = scene()
    module = MVDR(online=True)
    first = module(spectrum, mask)
    assert not torch.equal(module(2 * spectrum.flip(-1), mask), MVDR()(2 * spectrum.flip(-1), mask))
    with pytest.raises(ValueError, match=r"densities of \(5, 3, 3\), got \(2, 5, 3, 3\); call reset\(\) before"):
        module(*scene(2))
    module.reset()
    assert torch.equal(module(spectrum, mask), first)


@pytest.mark.parametrize("solution", ["ref_channel", "stv_evd", "stv_power"])
def test_leading_dimensions_are_a_loop_over_items(solution):
    spectrum, mask = scene(2, 2)
    module = MVDR(solution=solution)
    looped = torch.stack([torch.stack([module(spectrum[i, j], mask[i, j]) for j in range(2)]) for i in range(2)])
    torch.testing.assert_close(module(spectrum, mask), looped)
    assert module(spectrum, mask).dtype == torch.complex64


def test_masks_of_channels_are_averaged():
    spectrum, _ = scene()
    masks = torch.rand(3, 5, 20, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(PSD(multi_mask=True)(spectrum, masks), PSD()(spectrum, masks.mean(0)))
    torch.testing.assert_close(MVDR(multi_mask=True)(spectrum, masks), MVDR()(spectrum, masks.mean(0)))
    with pytest.raises(ValueError, match=r"mask must be \(..., channel, freq, time\), got shape \(5, 20\)"):
        PSD(multi_mask=True)(spectrum, masks[0])


def test_a_misspelt_solution_is_refused():
    with pytest.raises(ValueError, match="got 'stv_evdd'; did you mean stv_evd"):
        MVDR(solution="stv_evdd")
    with pytest.raises(ValueError, match="specgram must be complex, got float32"):
        MVDR()(torch.ones(3, 5, 20), torch.ones(5, 20))
