import torch

from sonovox.decoding.recurrent_states import join_states, replace_states, select_states


def test_parts_of_lstms_and_lists_of_layers_go_together():
    first = torch.arange(6.0).view(1, 3, 2)
    states = [(first, first + 10), None, first + 20]
    rows = torch.tensor([2, 0])
    (h, c), nothing, x = select_states(states, rows)
    assert h.tolist() == [[[4.0, 5.0], [0.0, 1.0]]]
    assert c[0, 0].tolist() == [14.0, 15.0]
    assert nothing is None
    replaced = replace_states(states, rows, select_states(states, rows.flip(0)))
    assert replaced[2][0, :, 0].tolist() == [24.0, 22.0, 20.0]
    assert join_states([states, states])[0][1].shape == (1, 6, 2)
    assert x.shape == (1, 2, 2)
