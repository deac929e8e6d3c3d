import torch

from sonovox.models.vanilla_nn import VanillaNN


def test_layers_follow_one_another_on_each_frame():
    model = VanillaNN([None, None, 5], torch.nn.Tanh, dnn_blocks=2, dnn_neurons=4)
    assert list(model) == ["linear", "act", "linear_0", "act_0"]
    x = torch.randn(2, 7, 5)
    expected = torch.tanh(model["linear_0"](torch.tanh(model["linear"](x))))
    torch.testing.assert_close(model(x), expected)
