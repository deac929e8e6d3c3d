"""The mask of MetricGAN; `tests/inference/test_reference_folders.py` has SpeechBrain's numbers."""

import torch

from sonovox.models.metricgan import EnhancementGenerator, Learnable_sigmoid


def features(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def test_the_sigmoid_is_that_of_the_paper():
    gate = Learnable_sigmoid(3)
    with torch.no_grad():
        gate.slope.copy_(torch.tensor([1.0, 2.0, 0.0]))
    expected = 1.2 / (1 + torch.exp(-torch.tensor([1.5, 3.0, 0.0])))
    torch.testing.assert_close(gate(torch.tensor([1.5, 1.5, 1.5])), expected)


def test_gains_lie_between_0_and_1_2():
    mask = EnhancementGenerator()(100 * features(2, 30, 257))
    assert mask.shape == (2, 30, 257)
    assert 0 <= mask.min() < mask.max() <= 1.2


def test_sizes_follow_the_arguments():
    model = EnhancementGenerator(input_size=33, hidden_size=8, num_layers=1)
    assert model(features(2, 30, 33)).shape == (2, 30, 33)


def test_padding_is_not_heard_with_lengths():
    model = EnhancementGenerator(input_size=33, hidden_size=8).eval()
    x = features(1, 30, 33)
    padded = torch.cat((x, features(1, 10, 33)), dim=1)
    torch.testing.assert_close(model(padded, torch.tensor([0.75]))[:, :30], model(x))


def test_every_weight_learns():
    model = EnhancementGenerator(input_size=33, hidden_size=8)
    model(features(2, 10, 33)).sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())


def test_it_compiles_and_exports_with_any_number_of_frames():
    model = EnhancementGenerator(input_size=33, hidden_size=8, num_layers=1).eval()
    frames = torch.export.Dim("frames", min=2, max=1000)
    exported = torch.export.export(model, (features(2, 30, 33),), dynamic_shapes=({1: frames},))
    x = features(2, 47, 33)
    torch.testing.assert_close(exported.module()(x), model(x))
    torch.testing.assert_close(torch.compile(model, fullgraph=True, backend="aot_eager")(x), model(x))
