"""The network of Silero VAD, versions 5 and 6, for 16 kHz.

Silero Team, "Silero VAD: pre-trained enterprise-grade voice activity detector",
https://github.com/snakers4/silero-vad (MIT licence). Each window of 32 ms, with the 4 ms
before it, becomes four frames of a spectrum; convolutions make one vector of them; a
recurrent layer carries what was heard from window to window. Here all windows of a signal
go through the convolutions at once, and the recurrent layer runs over them in one call.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError

__all__ = ["SileroVAD", "State"]

SAMPLE_RATE = 16000
# Samples of a window, of what is heard before it, and of the mirror behind it.
WINDOW, CONTEXT, MIRRORED = 512, 64, 64
N_FFT, HOP = 256, 128
HIDDEN = 128


class State(NamedTuple):
    """What the network keeps between two parts of a signal."""

    context: Tensor  # the last samples, (batch, 64)
    hidden: Tensor  # of the recurrent layer, (1, batch, 128)
    cell: Tensor


class SileroVAD(nn.Module):
    """For each window of 512 samples at 16 kHz, how likely somebody speaks in it.

    Attributes:
        window: samples from one value to the next.

    >>> model = SileroVAD()
    >>> logits, state = model(torch.zeros(1, 1600))
    >>> logits.shape
    torch.Size([1, 4])
    >>> model(torch.zeros(1, 512), state)[0].shape
    torch.Size([1, 1])
    """

    window = WINDOW

    def __init__(self) -> None:
        super().__init__()
        bins = N_FFT // 2 + 1
        # Its weights are a windowed Fourier basis, real parts first; they come with the others.
        self.stft_conv = nn.Conv1d(1, 2 * bins, N_FFT, stride=HOP, bias=False)
        self.conv1 = nn.Conv1d(bins, 128, 3, padding=1)
        self.conv2 = nn.Conv1d(128, 64, 3, stride=2, padding=1)
        self.conv3 = nn.Conv1d(64, 64, 3, stride=2, padding=1)
        self.conv4 = nn.Conv1d(64, HIDDEN, 3, padding=1)
        self.lstm = nn.LSTM(HIDDEN, HIDDEN, batch_first=True)
        self.final_conv = nn.Conv1d(HIDDEN, 1, 1)

    def forward(self, wavs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Logits, `(batch, windows)`, of which the sigmoid is the probability; and the state for what follows.

        Args:
            wavs: `(batch, time)`, at 16 kHz with full scale 1; the last window is filled up with zeros.
            state: of the part before; None at the beginning.

        Raises:
            ArgumentError: another shape, or no samples.
        """
        if wavs.dim() != 2 or 0 in wavs.shape:
            raise ArgumentError(f"wavs must be (batch, time) with samples, got {tuple(wavs.shape)}")
        wavs = F.pad(wavs, (0, -wavs.shape[1] % WINDOW))
        before = wavs.new_zeros(len(wavs), CONTEXT) if state is None else state.context
        heard = torch.cat((before, wavs), dim=1)
        vectors = self._vectors(heard.unfold(1, CONTEXT + WINDOW, WINDOW))  # (batch, windows, 128)
        outputs, (hidden, cell) = self.lstm(vectors, None if state is None else (state.hidden, state.cell))
        logits = self.final_conv(F.relu(outputs).transpose(1, 2)).squeeze(1)
        return logits, State(heard[:, -CONTEXT:], hidden, cell)

    def _vectors(self, windows: Tensor) -> Tensor:
        """Of windows `(batch, windows, 576)`."""
        batch, count, _ = windows.shape
        x = F.pad(windows.flatten(0, 1).unsqueeze(1), (0, MIRRORED), mode="reflect")
        real, imaginary = self.stft_conv(x).chunk(2, dim=1)  # (batch * windows, 129, 4)
        x = (real.square() + imaginary.square()).sqrt()
        for layer in (self.conv1, self.conv2, self.conv3, self.conv4):
            x = F.relu(layer(x))
        return x.view(batch, count, HIDDEN)  # the strides have left one frame
