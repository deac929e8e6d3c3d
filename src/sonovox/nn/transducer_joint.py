"""What a transducer's encoder and its prediction network say together.

Graves, "Sequence transduction with recurrent neural networks", 2012, section 2.1 (the
sum); Graves et al., "Speech recognition with deep recurrent neural networks", ICASSP
2013, section 3.2 (a layer on both).
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError

__all__ = ["Transducer_joint"]


class Transducer_joint(nn.Module):  # noqa: N801, SpeechBrain's name
    """The states of both, added or side by side, through an activation.

    Args:
        joint_network: a layer on the states side by side, before the activation; for `"concat"` only.
        joint: `"sum"` or `"concat"`.
        nonlinearity: builds the activation.

    Raises:
        ArgumentError: an unknown `joint`; a `joint_network` with `"sum"` is left out, as in SpeechBrain.

    >>> encoded, predicted = torch.zeros(8, 200, 1, 40), torch.zeros(8, 1, 12, 40)
    >>> Transducer_joint()(encoded, predicted).shape
    torch.Size([8, 200, 12, 40])
    >>> Transducer_joint(joint="concat")(encoded, predicted).shape
    torch.Size([8, 200, 12, 80])
    """

    def __init__(
        self,
        joint_network: nn.Module | None = None,
        joint: str = "sum",
        nonlinearity: Callable[[], nn.Module] = nn.LeakyReLU,
    ) -> None:
        super().__init__()
        check_choice("joint", joint, ["sum", "concat"])
        self.joint_network = joint_network
        self.joint = joint
        self.nonlinearity = nonlinearity()

    def forward(self, input_TN: Tensor, input_PN: Tensor) -> Tensor:  # noqa: N803
        """States of every frame with every number of tokens, `(batch, time, tokens + 1, features)`.

        Args:
            input_TN: of the encoder (the "transcription network"), `(batch, time, 1, features)`.
            input_PN: of the prediction network, `(batch, 1, tokens + 1, features)`. Both may have any leading
                dimensions that can be broadcast.

        Raises:
            ArgumentError: different numbers of dimensions.
        """
        if input_TN.dim() != input_PN.dim():
            raise ArgumentError(
                "input_TN and input_PN must have as many dimensions, "
                f"got {tuple(input_TN.shape)} and {tuple(input_PN.shape)}",
                hint="(batch, time, 1, features) and (batch, 1, tokens + 1, features)",
            )
        if self.joint == "sum":
            return self.nonlinearity(input_TN + input_PN)
        shape = torch.broadcast_shapes(input_TN.shape[:-1], input_PN.shape[:-1])
        both = torch.cat((input_TN.expand(*shape, -1), input_PN.expand(*shape, -1)), dim=-1)
        return self.nonlinearity(both if self.joint_network is None else self.joint_network(both))
