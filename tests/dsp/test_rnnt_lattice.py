import math

import torch

from sonovox.dsp.rnnt_lattice import sum_paths

FRAMES, LABELS = torch.tensor([6, 4, 1]), torch.tensor([3, 4, 0])


def scores():
    generator = torch.Generator().manual_seed(0)
    return tuple(torch.randn(3, 6, nodes, dtype=torch.float64, generator=generator) for nodes in (5, 4))


def test_steps_of_score_zero_count_the_paths():
    flat = torch.zeros(3, 6, 5, dtype=torch.float64)
    total, _, _ = sum_paths(flat, flat[..., :4], FRAMES, LABELS, with_shares=False)
    # The last step is a blank; the labels stand anywhere among the others.
    expected = [math.comb(t - 1 + u, u) for t, u in zip(FRAMES.tolist(), LABELS.tolist(), strict=True)]
    torch.testing.assert_close(total.exp(), torch.tensor(expected, dtype=torch.float64))


def test_every_path_has_a_blank_for_each_frame_and_each_label_once():
    _, blanks, labels = sum_paths(*scores(), FRAMES, LABELS, with_shares=True)
    for i in range(3):
        inside = torch.arange(6) < FRAMES[i]
        torch.testing.assert_close(blanks[i].sum(-1), inside.double())
        torch.testing.assert_close(labels[i].sum(0), (torch.arange(5) < LABELS[i]).double())


def test_shares_are_the_derivatives_of_the_sum():
    by_blank, by_label = scores()
    _, blanks, labels = sum_paths(by_blank, by_label, FRAMES, LABELS, with_shares=True)
    step = 1e-6
    for tensor, shares in ((by_blank, blanks), (by_label, labels)):
        for place in ((0, 1, 1), (0, 5, 3), (1, 3, 2), (2, 0, 0)):
            totals = []
            for sign in (1, -1):
                moved = tensor.clone()
                moved[place] += sign * step
                pair = (moved, by_label) if tensor is by_blank else (by_blank, moved)
                totals.append(sum_paths(*pair, FRAMES, LABELS, with_shares=False)[0][place[0]])
            slope = (totals[0] - totals[1]) / (2 * step)
            torch.testing.assert_close(shares[place], slope, rtol=0, atol=1e-8)
