"""RE-SepFormer: masks from segments of time that do not overlap, which hear of each other through a memory.

Della Libera et al., "Resource-efficient separation transformer", ICASSP 2024; the
segments with recurrent layers are those of SkiM: Li et al., "SkiM: skipping memory
LSTM", ICASSP 2022. The weights of SpeechBrain load as they are.
"""

import copy

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import ArgumentError
from sonovox.models.dual_path.blocks import SBRNNBlock as RecurrentBlock
from sonovox.models.dual_path.blocks import SBTransformerBlock
from sonovox.models.dual_path.norms import select_norm

__all__ = [
    "MemLSTM",
    "ResourceEfficientSeparationPipeline",
    "ResourceEfficientSeparator",
    "SBRNNBlock",
    "SBTransformerBlock_wnormandskip",
    "SegLSTM",
]

NONLINEAR = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}
MEMORIES = ("hc", "h", "c", "id", "av")
States = tuple[Tensor, Tensor]
EPS = 1e-8


class SBTransformerBlock_wnormandskip(SBTransformerBlock):  # noqa: N801 - the name in model folders
    """An `SBTransformerBlock`, a normalisation over the item, and the input, which is added.

    Args:
        num_layers: see `SBTransformerBlock`, as are all up to `causal`.
        d_model: see there.
        nhead: see there.
        d_ffn: see there.
        input_shape: see there.
        kdim: see there.
        vdim: see there.
        dropout: see there.
        activation: see there.
        use_positional_encoding: see there.
        norm_before: see there.
        attention_type: see there.
        causal: see there.
        use_norm: whether there is the normalisation behind.
        use_skip: whether the input is added.
        norm_type: see `select_norm`.

    Raises:
        ChoiceError: another `activation` or `attention_type`.

    >>> SBTransformerBlock_wnormandskip(1, 16, 4, d_ffn=32)(torch.zeros(2, 50, 16)).shape
    torch.Size([2, 50, 16])
    """

    def __init__(
        self,
        num_layers: int,
        d_model: int,
        nhead: int,
        d_ffn: int = 2048,
        input_shape: list[int | None] | None = None,
        kdim: int | None = None,
        vdim: int | None = None,
        dropout: float = 0.1,
        activation: str = "relu",
        use_positional_encoding: bool = False,
        norm_before: bool = False,
        attention_type: str = "regularMHA",
        causal: bool = False,
        use_norm: bool = True,
        use_skip: bool = True,
        norm_type: str = "gln",
    ) -> None:
        super().__init__(
            num_layers, d_model, nhead, d_ffn, input_shape, kdim, vdim, dropout, activation,
            use_positional_encoding, norm_before, attention_type, causal,
        )  # fmt: skip
        self.norm = select_norm(norm_type, d_model, 3, EPS) if use_norm else None
        self.use_skip = use_skip

    def forward(self, x: Tensor) -> Tensor:
        """The shape of `x`, `(batch, time, d_model)`."""
        y = super().forward(x)
        if self.norm is not None:
            y = self.norm(y.transpose(1, 2)).transpose(1, 2)
        return y + x if self.use_skip else y


class SBRNNBlock(nn.Module):
    """Recurrent layers, and a linear one that brings them to `outsize` features.

    Args:
        input_size: see `dual_path.SBRNNBlock`, as are all others.
        hidden_channels: see there.
        num_layers: see there.
        outsize: features of the result.
        rnn_type: see there.
        dropout: see there.
        bidirectional: see there.

    >>> SBRNNBlock(16, 8, num_layers=1, outsize=6)(torch.zeros(2, 50, 16)).shape
    torch.Size([2, 50, 6])
    """

    def __init__(
        self,
        input_size: int,
        hidden_channels: int,
        num_layers: int,
        outsize: int,
        rnn_type: str = "LSTM",
        dropout: float = 0,
        bidirectional: bool = True,
    ) -> None:
        super().__init__()
        block = RecurrentBlock(input_size, hidden_channels, num_layers, rnn_type, dropout, bidirectional)
        self.mdl = block.mdl
        self.out = nn.Linear(block.output_size, outsize)

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, time, outsize)` of `x`, `(batch, time, input_size)`."""
        y: Tensor = self.out(self.mdl(x)[0])
        return y


class SegLSTM(nn.Module):
    """A recurrent layer within segments, that begins with the states that a memory gives.

    Args:
        input_size: features.
        hidden_size: features of a state.
        dropout: share that is zeroed in training.
        bidirectional: both directions.
        norm_type: see `select_norm`; `"cLN"` is `"bn"`, which SpeechBrain takes for it.

    >>> y, (h, c) = SegLSTM(16, 8)(torch.zeros(6, 10, 16), None)
    >>> y.shape, h.shape
    (torch.Size([6, 10, 16]), torch.Size([1, 6, 8]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        dropout: float = 0.0,
        bidirectional: bool = False,
        norm_type: str = "cLN",
    ) -> None:
        super().__init__()
        self.lstm = nn.LSTM(input_size, hidden_size, batch_first=True, bidirectional=bidirectional)
        self.dropout = nn.Dropout(dropout)
        self.proj = nn.Linear(hidden_size * (2 if bidirectional else 1), input_size)
        self.norm = select_norm("bn" if norm_type == "cLN" else norm_type, input_size, 3, EPS)

    def forward(self, x: Tensor, hc: States | None) -> tuple[Tensor, States]:
        """The shape of `x`, `(segments, time, input_size)`, and the last states, `(directions, segments, features)`."""
        y, hc = self.lstm(x, hc)
        y = self.proj(self.dropout(y))
        return x + self.norm(y.transpose(1, 2)).transpose(1, 2), hc


class MemLSTM(nn.Module):
    """What the segments of an item tell each other: a recurrent layer over their last states.

    Args:
        hidden_size: features of a state of `SegLSTM`.
        dropout: share that is zeroed in training.
        bidirectional: as `SegLSTM` is. If not, a segment hears of those before it only.
        mem_type: which states go through: `"hc"`, `"h"` or `"c"`, of which the other is zero then; `"id"` for
            none, they are handed on.
        norm_type: see `select_norm`.

    Raises:
        ChoiceError: another `mem_type`.

    >>> h, c = MemLSTM(8)((torch.zeros(1, 6, 8), torch.zeros(1, 6, 8)), 3)
    >>> h.shape
    torch.Size([1, 6, 8])
    """

    def __init__(
        self,
        hidden_size: int,
        dropout: float = 0.0,
        bidirectional: bool = False,
        mem_type: str = "hc",
        norm_type: str = "cln",
    ) -> None:
        super().__init__()
        check_choice("mem_type", mem_type, MEMORIES[:4])
        self.bidirectional = bidirectional
        self.mem_type = mem_type
        size = hidden_size * (2 if bidirectional else 1)
        for state in mem_type if mem_type != "id" else "":
            block = SBRNNBlock(size, hidden_size, 1, size, dropout=dropout, bidirectional=bidirectional)
            self.add_module(f"{state}_net", block)
            self.add_module(f"{state}_norm", select_norm(norm_type, size, 3, EPS))

    def forward(self, hc: States, S: int) -> States:  # noqa: N803 - SpeechBrain's name
        """States of the shapes of `hc`, `(directions, batch * S, hidden_size)`, of `S` segments of each item.

        In one direction the first segment of an item hears nothing. (In SpeechBrain it hears the item before.)
        """
        h, c = (self._through(name, state, S) for name, state in zip("hc", hc, strict=True))
        return h, c

    def _through(self, name: str, state: Tensor, segments: int) -> Tensor:
        directions, rows, size = state.shape
        if self.mem_type != "id" and name not in self.mem_type:
            return torch.zeros_like(state)
        if self.mem_type != "id":
            x = state.transpose(0, 1).reshape(-1, segments, directions * size)
            y = self.get_submodule(f"{name}_norm")(self.get_submodule(f"{name}_net")(x).transpose(1, 2))
            state = (x + y.transpose(1, 2)).reshape(rows, directions, size).transpose(0, 1).contiguous()
        if self.bidirectional:
            return state
        by_item = state.unflatten(1, (-1, segments))
        return nn.functional.pad(by_item[:, :, :-1], (0, 0, 1, 0)).flatten(1, 2)


class ResourceEfficientSeparationPipeline(nn.Module):
    """Segments of time through a model each, and a memory between them, several times.

    Args:
        input_size: features.
        hidden_size: takes no effect; the models have theirs.
        output_size: features of the result.
        dropout: takes no effect.
        num_blocks: how many times.
        segment_size: steps of a segment.
        bidirectional: takes no effect.
        mem_type: `"av"`, with models that take `(batch, time, features)`: the memory is over the means of the
            segments, and what it gives is added to them. For `SegLSTM` and `MemLSTM` see the latter. None for no
            memory.
        norm_type: takes no effect.
        seg_model: within segments; copied.
        mem_model: between segments; copied.

    Raises:
        ChoiceError: another `mem_type`.
        ArgumentError: a model is missing.

    >>> segments, memory = (SBTransformerBlock_wnormandskip(1, 16, 4, d_ffn=32) for _ in range(2))
    >>> model = ResourceEfficientSeparationPipeline(16, 16, 24, seg_model=segments, mem_model=memory)
    >>> model(torch.zeros(2, 50, 16)).shape
    torch.Size([2, 50, 24])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        dropout: float = 0.0,
        num_blocks: int = 2,
        segment_size: int = 20,
        bidirectional: bool = True,
        mem_type: str | None = "av",
        norm_type: str = "gln",
        seg_model: nn.Module | None = None,
        mem_model: nn.Module | None = None,
    ) -> None:
        super().__init__()
        if mem_type is not None:
            check_choice("mem_type", mem_type, MEMORIES)
        if seg_model is None or (mem_model is None and mem_type is not None):
            raise ArgumentError("seg_model and mem_model must be given, got None", hint="mem_type=None needs no memory")
        self.mem_type = mem_type
        self.segment_size = segment_size
        self.recurrent = isinstance(seg_model, SegLSTM)
        self.seg_model = nn.ModuleList(copy.deepcopy(seg_model) for _ in range(num_blocks))
        if mem_model is not None and mem_type is not None:
            self.mem_model = nn.ModuleList(copy.deepcopy(mem_model) for _ in range(num_blocks - 1))
        self.output_fc = nn.Sequential(nn.PReLU(), nn.Conv1d(input_size, output_size, 1))

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, time, output_size)` of `x`, `(batch, time, input_size)`.

        The memory of an item is of this item alone. (In SpeechBrain that of `"av"` goes through the whole batch.)
        """
        batch, time, size = x.shape
        # As in SpeechBrain there is always a rest: a whole segment of zeros where time has none.
        rest = self.segment_size - time % self.segment_size
        y = nn.functional.pad(x, (0, 0, 0, rest)).view(-1, self.segment_size, size)  # (batch * segments, ...)
        segments = y.shape[0] // batch
        memory: Tensor | None = None
        states: States | None = None
        for place, model in enumerate(self.seg_model):
            if self.recurrent:
                y, states = model(y, states)
            else:
                y = model(y if memory is None else y + memory)
            if place == len(self.seg_model) - 1 or self.mem_type is None:
                continue
            if self.recurrent:
                states = self.mem_model[place](states, segments)
            else:
                means = y.mean(dim=1).view(batch, segments, size)
                memory = self.mem_model[place](means).reshape(-1, 1, size)
        y = y.reshape(batch, -1, size)[:, :time]
        result: Tensor = self.output_fc(y.transpose(1, 2)).transpose(1, 2)
        return result


class ResourceEfficientSeparator(nn.Module):
    """Masks for the sources.

    Args:
        input_dim: coefficients of the encoder.
        causal: takes no effect; the models are or are not.
        num_spk: sources.
        nonlinear: `"relu"`, `"sigmoid"` or `"tanh"`, of the masks.
        layer: blocks, see `ResourceEfficientSeparationPipeline.num_blocks`, as are all others.
        unit: takes no effect.
        segment_size: see there.
        dropout: takes no effect.
        mem_type: see there.
        seg_model: see there.
        mem_model: see there.

    Raises:
        ChoiceError: another `nonlinear` or `mem_type`.
        ArgumentError: a model is missing.

    >>> segments, memory = (SBTransformerBlock_wnormandskip(1, 16, 4, d_ffn=32) for _ in range(2))
    >>> model = ResourceEfficientSeparator(16, num_spk=3, mem_type="av", seg_model=segments, mem_model=memory)
    >>> model(torch.zeros(2, 16, 50)).shape
    torch.Size([3, 2, 16, 50])
    """

    def __init__(
        self,
        input_dim: int,
        causal: bool = True,
        num_spk: int = 2,
        nonlinear: str = "relu",
        layer: int = 3,
        unit: int = 512,
        segment_size: int = 20,
        dropout: float = 0.0,
        mem_type: str | None = "hc",
        seg_model: nn.Module | None = None,
        mem_model: nn.Module | None = None,
    ) -> None:
        super().__init__()
        check_choice("nonlinear", nonlinear, NONLINEAR)
        self.num_spk = num_spk
        self.model = ResourceEfficientSeparationPipeline(
            input_dim,
            unit,
            input_dim * num_spk,
            num_blocks=layer,
            segment_size=segment_size,
            mem_type=mem_type,
            seg_model=seg_model,
            mem_model=mem_model,
        )
        self.nonlinear = NONLINEAR[nonlinear]()

    def forward(self, x: Tensor) -> Tensor:
        """`(num_spk, batch, input_dim, frames)` of `x`, `(batch, input_dim, frames)`."""
        y = self.model(x.transpose(1, 2)).unflatten(2, (-1, self.num_spk))
        masks: Tensor = self.nonlinear(y.permute(3, 0, 2, 1))
        return masks
