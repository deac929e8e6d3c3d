"""The network, against a slow one written from its description."""

import numpy as np
import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.models.silero_vad import SileroVAD


@pytest.fixture
def model():
    torch.manual_seed(0)
    return SileroVAD().eval().requires_grad_(False)


def noise(*shape):
    return 0.3 * torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def slow_probabilities(model, samples):
    """Window by window in float64, with convolutions as sums over taps."""
    weights = {name: value.double().numpy() for name, value in model.state_dict().items()}
    samples = np.concatenate([np.zeros(64), samples, np.zeros(-len(samples) % 512)])
    hidden = cell = np.zeros(128)
    found = []

    def convolved(x, name, stride):
        kernel = weights[f"{name}.weight"]  # (out, in, taps)
        x = np.pad(x, ((0, 0), (1, 1)))
        places = range(0, x.shape[1] - 2, stride)
        sums = np.stack([np.tensordot(kernel, x[:, at : at + 3], 2) for at in places], axis=1)
        return np.maximum(sums + weights[f"{name}.bias"][:, None], 0)

    for begin in range(64, len(samples), 512):
        window = np.pad(samples[begin - 64 : begin + 512], (0, 64), mode="reflect")
        frames = np.stack([window[at : at + 256] for at in range(0, 385, 128)], axis=1)
        spectrum = weights["stft_conv.weight"][:, 0] @ frames
        x = np.hypot(spectrum[:129], spectrum[129:])
        for name, stride in (("conv1", 1), ("conv2", 2), ("conv3", 2), ("conv4", 1)):
            x = convolved(x, name, stride)
        gates = weights["lstm.weight_ih_l0"] @ x[:, 0] + weights["lstm.bias_ih_l0"]
        gates = gates + weights["lstm.weight_hh_l0"] @ hidden + weights["lstm.bias_hh_l0"]
        into, keep, new, out = np.split(gates, 4)
        sigmoid = lambda value: 1 / (1 + np.exp(-value))  # noqa: E731
        cell = sigmoid(keep) * cell + sigmoid(into) * np.tanh(new)
        hidden = sigmoid(out) * np.tanh(cell)
        logit = weights["final_conv.weight"][0, :, 0] @ np.maximum(hidden, 0) + weights["final_conv.bias"][0]
        found.append(sigmoid(logit))
    return found


def test_it_computes_what_its_description_says(model):
    samples = noise(4 * 512 + 100)
    found = torch.sigmoid(model(samples[None])[0])[0]
    # float32 against float64
    np.testing.assert_allclose(found.numpy(), slow_probabilities(model, samples.double().numpy()), atol=1e-6, rtol=0)


def test_parts_with_their_state_are_the_whole(model):
    samples = noise(2, 10 * 512)
    whole, _ = model(samples)
    first, state = model(samples[:, : 3 * 512])
    second, _ = model(samples[:, 3 * 512 :], state)
    torch.testing.assert_close(torch.cat((first, second), dim=1), whole, atol=1e-6, rtol=0)
    assert not torch.allclose(model(samples[:, 3 * 512 :])[0], whole[:, 3:], atol=1e-4)


def test_items_of_a_batch_are_as_alone_and_padding_comes_after(model):
    samples = noise(3, 5 * 512)
    together, _ = model(samples)
    for item, row in zip(samples, together, strict=True):
        torch.testing.assert_close(model(item[None])[0][0], row, atol=1e-6, rtol=0)
    short, _ = model(samples[:, : 2 * 512])
    torch.testing.assert_close(short, together[:, :2], atol=1e-6, rtol=0)


def test_other_shapes_are_refused(model):
    for shape in ((512,), (1, 0)):
        with pytest.raises(ArgumentError, match="must be"):
            model(torch.zeros(shape))
