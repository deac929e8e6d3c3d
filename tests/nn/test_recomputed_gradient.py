import torch

from sonovox.nn.recomputed_gradient import recomputed_gradient


def test_gradients_are_those_of_autograd_and_zero_without_a_part():
    a, b, unused = (torch.randn(3) for _ in range(3))
    gradients = [torch.randn(3), torch.randn(3)]
    found = recomputed_gradient(lambda x: [x[0] * x[1], x[1].exp()], [a, b, unused], gradients)
    expected = [gradients[0] * b, gradients[0] * a + gradients[1] * b.exp(), torch.zeros(3)]
    torch.testing.assert_close(found, expected)


def test_it_records_inside_of_inference():
    with torch.no_grad():
        (found,) = recomputed_gradient(lambda x: [x[0] ** 2], [torch.tensor(2.0)], [torch.tensor(1.0)])
    assert found == 4
