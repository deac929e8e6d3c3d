import torch

from sonovox.nn import Dropout2d


def test_whole_channels_are_dropped_and_the_others_scaled():
    torch.manual_seed(0)
    y = Dropout2d(0.25)(torch.ones(50, 3, 4, 20))
    channels = y.flatten(1, 2)
    assert torch.equal(channels.amin(1), channels.amax(1))
    assert abs(float((y == 0).float().mean()) - 0.25) < 0.05
    torch.testing.assert_close(y.max(), torch.tensor(1 / 0.75))


def test_nothing_is_dropped_in_evaluation():
    x = torch.randn(2, 3, 4, 5)
    assert torch.equal(Dropout2d(0.9).eval()(x), x)
