import torch

from sonovox.nn import QuasiRNN


@torch.no_grad()
def test_one_layer_is_the_published_recurrence():
    layer = QuasiRNN(3, input_size=2).eval()
    x = torch.randn(2, 6, 2)
    z, f, o = layer.qrnn[0].w(x).chunk(3, 2)
    z, f, o = z.tanh(), f.sigmoid(), o.sigmoid()
    c, states = torch.zeros(2, 3), []
    for t in range(6):
        c = f[:, t] * z[:, t] + (1 - f[:, t]) * c
        states.append(o[:, t] * c)
    torch.testing.assert_close(layer(x)[0], torch.stack(states, 1))


@torch.no_grad()
def test_first_cells_decay():
    layer = QuasiRNN(3, input_size=2, bidirectional=True).eval()
    x = torch.randn(2, 6, 2)
    change = (layer(x, torch.ones(2, 2, 3))[0] - layer(x)[0]).abs()
    assert (change[:, 0, :3] > change[:, -1, :3]).all()
    assert (change[:, 0, 3:] < change[:, -1, 3:]).all()


def test_zoneout_keeps_cells_as_they_are():
    layer = QuasiRNN(3, input_size=2, zoneout=1.0, output_gate=False).train()
    cells = torch.randn(1, 2, 3)
    states, _ = layer(torch.randn(2, 6, 2), cells)
    torch.testing.assert_close(states, cells[0].unsqueeze(1).expand(2, 6, 3))


def test_zoneout_counts_in_evaluation_by_what_is_expected_of_it():
    layer = QuasiRNN(1, input_size=1, zoneout=0.25, output_gate=False).eval()
    layer.qrnn[0].w.weight.data.zero_()
    layer.qrnn[0].w.bias.data.copy_(torch.tensor([100.0, 0.0]))  # z = 1, f = 1 / 2
    states, _ = layer(torch.zeros(1, 2, 1))
    f = 0.5 * (1 - 0.25)
    torch.testing.assert_close(states.flatten(), torch.tensor([f, f + (1 - f) * f]))
