import torch
from torch import nn

from sonovox.nn import Deltas, LiGRU
from sonovox.nn.foreign_state import NO_KNOWLEDGE, ignore_on_load, without_scratch


def test_what_is_no_knowledge_is_passed_over_at_any_depth():
    model = nn.Sequential(LiGRU(3, [None, None, 2]), Deltas(2))
    state = model.state_dict()
    foreign = {
        **state,
        "0.rnn.0.drop_masks": torch.ones(2),
        "0.rnn.0.h_init": torch.zeros(1),
        "1.kernel": torch.ones(1),
    }
    model.load_state_dict(foreign)
    assert without_scratch(foreign).keys() == state.keys()


def test_other_unknown_names_are_still_refused():
    layer = nn.Linear(1, 1)
    ignore_on_load(layer, "kernel")
    state = {**layer.state_dict(), "kernel": torch.ones(1), "colonel": torch.ones(1)}
    missing, unexpected = layer.load_state_dict(state, strict=False)
    assert (missing, unexpected) == ([], ["colonel"])
    assert "kernel" in NO_KNOWLEDGE
