"""Features of a signal that comes in chunks: the same numbers as those of the whole signal.

The arithmetic of what a frame sees: `sonovox.nn.filter_properties`.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.nn.filter_properties import FilterProperties

__all__ = ["StreamingFeatureWrapper", "StreamingFeatureWrapperContext"]


@dataclass
class StreamingFeatureWrapperContext:
    """What is remembered of the chunks before.

    Args:
        left_context: the samples that frames to come still see, `(batch, time)`; None at first.
        first_frame: number of the frame around the first of these samples.
        frames: so many were given.
    """

    left_context: Tensor | None = None
    first_frame: int = 0
    frames: int = 0


class StreamingFeatureWrapper(nn.Module):
    """Features that see some samples before and after them, computed chunk by chunk.

    A frame is given as soon as all that it sees is there. Joined, the frames of all chunks are those of the whole
    signal, with its beginning and its end, as far as no part of the module looks at the signal as a whole: a
    normalisation by its statistics, or the floor of `Fbank` 80 dB below its loudest frame, which is here that of what
    is remembered. (SpeechBrain's wrapper takes silence for what comes before the first chunk, and gives frames of it.)

    Args:
        module: gives frames `(batch, frames, ...)` of a signal `(batch, time)`; frame k lies around sample
            k * stride.
        properties: what a frame sees, see `stack_filter_properties`.

    Raises:
        ArgumentError: filters with holes (`dilation`), which are not told from one another.

    >>> from sonovox.nn import Fbank
    >>> fbank = Fbank(n_mels=20)
    >>> wrapper, signal = StreamingFeatureWrapper(fbank, fbank.get_filter_properties()), torch.randn(1, 4000)
    >>> context = wrapper.make_streaming_context()
    >>> parts = [wrapper(chunk, context) for chunk in signal.split(1000, dim=1)] + [wrapper.finish(context)]
    >>> [part.shape[1] for part in parts], torch.allclose(torch.cat(parts, dim=1), fbank(signal), atol=1e-4)
    ([5, 7, 6, 6, 2], True)
    """

    def __init__(self, module: nn.Module, properties: FilterProperties) -> None:
        super().__init__()
        if properties.dilation != 1:
            raise ArgumentError(
                f"properties must have dilation 1, got {properties.dilation}",
                hint="give the window that holds all, see get_effective_size",
            )
        self.module = module
        self.properties = properties

    @property
    def lookahead(self) -> int:
        """Samples after its own that a frame sees."""
        return 0 if self.properties.causal else self.properties.window_size // 2

    def get_required_padding(self) -> int:
        """Samples before its own that a frame sees, as whole steps."""
        size = self.properties.window_size
        back = size - 1 if self.properties.causal else size // 2
        return -(-back // self.properties.stride) * self.properties.stride

    def get_output_count_per_pad_frame(self) -> int:
        """Frames that these samples are."""
        return self.get_required_padding() // self.properties.stride

    def get_recommended_final_chunk_count(self, frames_per_chunk: int) -> int:
        """Chunks of silence, of so many samples each, after which all frames of a signal are given.

        `finish` needs none, and gives the last frames as they are at the end of a signal.
        """
        return -(-self.lookahead // frames_per_chunk)

    def make_streaming_context(self) -> StreamingFeatureWrapperContext:
        """A context before the first chunk of a signal."""
        return StreamingFeatureWrapperContext()

    def get_filter_properties(self) -> FilterProperties:
        """What a frame sees."""
        return self.properties

    def forward(self, chunk: Tensor, context: StreamingFeatureWrapperContext, *args: Any, **kwargs: Any) -> Tensor:
        """The frames that the next chunk makes possible, `(batch, frames, ...)`; `(batch, 0)` where there are none.

        Args:
            chunk: `(batch, time)`, of any length.
            context: of `make_streaming_context`, which is changed.
            args: for the module, as `kwargs`.
            kwargs: see `args`.
        """
        held = chunk if context.left_context is None else torch.cat((context.left_context, chunk), dim=1)
        stride = self.properties.stride
        # Frame k, counted from the first sample that is held, needs sample k * stride + lookahead.
        ready = max(0, (held.shape[1] - 1 - self.lookahead) // stride + 1) + context.first_frame
        if ready <= context.frames:  # the module may need more than there is
            context.left_context = held
            return held[:, :0]
        result = self._between(held, context, ready, args, kwargs)
        kept = max(context.first_frame, context.frames - self.get_output_count_per_pad_frame())
        context.left_context = held[:, (kept - context.first_frame) * stride :]
        context.first_frame = kept
        return result

    def finish(self, context: StreamingFeatureWrapperContext, *args: Any, **kwargs: Any) -> Tensor:
        """The last frames of a signal, which see its end.

        Raises:
            ArgumentError: there was no chunk.
        """
        if context.left_context is None:
            raise ArgumentError("there was no chunk before the end", hint="give at least one")
        return self._between(context.left_context, context, None, args, kwargs)

    def _between(
        self,
        held: Tensor,
        context: StreamingFeatureWrapperContext,
        end: int | None,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Tensor:
        frames = self.module(held, *args, **kwargs)
        first, context_end = context.frames - context.first_frame, None if end is None else end - context.first_frame
        result = frames[:, first:context_end]
        context.frames += result.shape[1]
        return result
