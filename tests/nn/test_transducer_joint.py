import pytest
import torch
from torch import nn

from sonovox._internal.errors import ArgumentError, ChoiceError
from sonovox.nn import Transducer_joint


def test_sum_and_concatenation_of_every_frame_with_every_token():
    encoded, predicted = torch.randn(2, 5, 1, 4), torch.randn(2, 1, 3, 4)
    layer = nn.Linear(8, 6)
    added = Transducer_joint(nonlinearity=nn.Tanh)(encoded, predicted)
    beside = Transducer_joint(layer, "concat", nn.Tanh)(encoded, predicted)
    for frame in range(5):
        for token in range(3):
            one, other = encoded[:, frame, 0], predicted[:, 0, token]
            assert torch.equal(added[:, frame, token], (one + other).tanh())
            expected = layer(torch.cat((one, other), -1)).tanh()
            torch.testing.assert_close(beside[:, frame, token], expected, rtol=1e-5, atol=1e-6)


def test_vectors_of_one_frame_and_one_token():
    assert Transducer_joint(joint="concat")(torch.ones(4), torch.ones(3)).shape == (7,)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ArgumentError, match="as many dimensions"):
        Transducer_joint()(torch.zeros(2, 5, 4), torch.zeros(2, 1, 3, 4))
    with pytest.raises(ChoiceError, match="joint must be one of"):
        Transducer_joint(joint="product")
