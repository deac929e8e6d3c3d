"""WaveRNN: a waveform from a spectrogram, sample by sample.

Kalchbrenner et al., "Efficient neural audio synthesis", ICML 2018, in the variant of fatchord and torchaudio: the
spectrogram goes through a residual network and up to the rate of the samples; two recurrent layers tell the
probabilities of the next sample's level. Weights of torchaudio load as they are.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonovox._internal.errors import ArgumentError
from sonovox.nn.recurrent_op import RecurrentWeights

__all__ = ["WaveRNN"]


class WaveRNN(nn.Module):
    """Scores of the levels of each sample, and waveforms drawn by them.

    Args:
        upsample_scales: factors whose product is `hop_length`.
        n_classes: levels, evenly spaced from -1 to 1; a power of 2.
        hop_length: samples of a frame.
        n_res_block: residual blocks over the spectrogram.
        n_rnn: units of the recurrent layers.
        n_fc: units of the layers after them.
        kernel_size: frames that the first convolution sees, odd.
        n_freq: bins of the spectrogram.
        n_hidden: channels of the residual blocks.
        n_output: channels they give, in four equal parts for four layers.

    Raises:
        ArgumentError: scales of another product; an even `kernel_size`, or an `n_output` that 4 does not divide.

    >>> model = WaveRNN([4, 5], n_classes=256, hop_length=20, n_rnn=16, n_fc=16, n_freq=10)
    >>> model(torch.zeros(2, 1, 100), torch.zeros(2, 1, 10, 9)).shape
    torch.Size([2, 1, 100, 256])
    """

    def __init__(
        self,
        upsample_scales: Sequence[int],
        n_classes: int,
        hop_length: int,
        n_res_block: int = 10,
        n_rnn: int = 512,
        n_fc: int = 512,
        kernel_size: int = 5,
        n_freq: int = 128,
        n_hidden: int = 128,
        n_output: int = 128,
    ) -> None:
        super().__init__()
        if math.prod(upsample_scales) != hop_length:
            raise ArgumentError(
                f"upsample_scales must have hop_length = {hop_length} as their product, got "
                f"{' * '.join(map(str, upsample_scales))} = {math.prod(upsample_scales)}",
                hint="change one of them",
            )
        if kernel_size % 2 == 0:
            raise ArgumentError(f"kernel_size must be odd, got {kernel_size}", hint="5 is usual")
        if n_output % 4:
            raise ArgumentError(f"n_output must be a multiple of 4, got {n_output}", hint="128 is usual")
        self.n_classes = n_classes
        self.n_bits = int(math.log2(n_classes))
        self.margin = kernel_size // 2
        n_aux = n_output // 4
        self.upsample = _UpsampleNetwork(upsample_scales, n_res_block, n_freq, n_hidden, n_output, kernel_size)
        self.fc = nn.Linear(n_freq + n_aux + 1, n_rnn)
        self.rnn1 = RecurrentWeights("GRU", n_rnn, n_rnn)
        self.rnn2 = RecurrentWeights("GRU", n_rnn + n_aux, n_rnn)
        self.fc1 = nn.Linear(n_rnn + n_aux, n_fc)
        self.fc2 = nn.Linear(n_fc + n_aux, n_fc)
        self.fc3 = nn.Linear(n_fc, n_classes)

    def forward(self, waveform: Tensor, specgram: Tensor) -> Tensor:
        """`(batch, 1, samples, n_classes)`: the scores of each sample's level, after all samples before it.

        Args:
            waveform: `(batch, 1, samples)`, what stands before each sample: the signal, one sample late; of
                `(frames - kernel_size + 1) * hop_length` samples from -1 to 1.
            specgram: `(batch, 1, n_freq, frames)`.

        Raises:
            ArgumentError: more than one channel.
        """
        for name, tensor in {"waveform": waveform, "specgram": specgram}.items():
            if tensor.shape[1] != 1:
                raise ArgumentError(
                    f"{name} must have one channel, got shape {tuple(tensor.shape)}", hint="make channels items"
                )
        frames, aux = self.upsample(specgram.squeeze(1))
        aux1, aux2, aux3, aux4 = aux.chunk(4, dim=2)
        x = self.fc(torch.cat((waveform.transpose(1, 2), frames, aux1), dim=2))  # (batch, samples, n_rnn)
        first = [x.new_zeros(1, len(x), x.shape[2])]
        x = x + self.rnn1(x, first, None)[0]
        x = x + self.rnn2(torch.cat((x, aux2), dim=2), first, None)[0]
        return self._scores(x, aux3, aux4).unsqueeze(1)

    @torch.no_grad()
    def infer(
        self, specgram: Tensor, lengths: Tensor | None = None, *, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """`(batch, 1, frames * hop_length)`, samples drawn one after the other, and how many each item has.

        Args:
            specgram: `(batch, n_freq, frames)`.
            lengths: `(batch,)`, frames of each item; without them the second result is None.
            generator: what samples are drawn with; torch's own if None.
        """
        frames, aux = self.upsample(F.pad(specgram, (self.margin, self.margin)))
        batch, samples, _ = frames.shape
        # Time first, so that each step reads memory that lies together.
        conditions = torch.cat((frames, aux), dim=2).transpose(0, 1).contiguous()
        n_freq, n_aux = frames.shape[2], aux.shape[2] // 4
        hidden1 = frames.new_zeros(batch, self.rnn1.hidden_size)
        hidden2 = torch.zeros_like(hidden1)
        levels = frames.new_zeros(samples + 1, batch, 1)
        for time in range(samples):
            first, aux2, aux3, aux4 = conditions[time].split((n_freq + n_aux, n_aux, n_aux, n_aux), dim=1)
            x = self.fc(torch.cat((levels[time], first), dim=1))
            hidden1 = _step(self.rnn1, x, hidden1)
            x = x + hidden1
            hidden2 = _step(self.rnn2, torch.cat((x, aux2), dim=1), hidden2)
            probabilities = self._scores(x + hidden2, aux3, aux4).softmax(dim=1)
            drawn = torch.multinomial(probabilities, 1, generator=generator)
            levels[time + 1] = 2 * drawn / (2**self.n_bits - 1) - 1
        hop_length = self.upsample.total_scale
        return levels[1:].permute(1, 2, 0), None if lengths is None else lengths * hop_length

    def _scores(self, x: Tensor, aux3: Tensor, aux4: Tensor) -> Tensor:
        x = self.fc1(torch.cat((x, aux3), dim=-1)).relu()
        x = self.fc2(torch.cat((x, aux4), dim=-1)).relu()
        return self.fc3(x)


class _UpsampleNetwork(nn.Module):
    """The spectrogram and what a residual network makes of it, both `(batch, samples, channels)`."""

    def __init__(
        self,
        upsample_scales: Sequence[int],
        n_res_block: int,
        n_freq: int,
        n_hidden: int,
        n_output: int,
        kernel_size: int,
    ) -> None:
        super().__init__()
        self.total_scale = math.prod(upsample_scales)
        self.indent = kernel_size // 2 * self.total_scale
        self.resnet = _MelResNet(n_res_block, n_freq, n_hidden, n_output, kernel_size)
        layers: list[nn.Module] = []
        for scale in upsample_scales:
            smooth = nn.Conv2d(1, 1, (1, 2 * scale + 1), padding=(0, scale), bias=False)
            nn.init.constant_(smooth.weight, 1 / (2 * scale + 1))  # begins as a moving average
            layers += [_Repeat(scale), smooth]
        self.upsample_layers = nn.Sequential(*layers)

    def forward(self, specgram: Tensor) -> tuple[Tensor, Tensor]:
        aux = self.resnet(specgram).repeat_interleave(self.total_scale, dim=2)
        frames = self.upsample_layers(specgram.unsqueeze(1)).squeeze(1)
        return frames[..., self.indent : frames.shape[2] - self.indent].transpose(1, 2), aux.transpose(1, 2)


class _Repeat(nn.Module):
    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        return x.repeat_interleave(self.scale, dim=-1)


class _MelResNet(nn.Module):
    def __init__(self, n_res_block: int, n_freq: int, n_hidden: int, n_output: int, kernel_size: int) -> None:
        super().__init__()
        self.melresnet_model = nn.Sequential(
            nn.Conv1d(n_freq, n_hidden, kernel_size, bias=False),
            nn.BatchNorm1d(n_hidden),
            nn.ReLU(),
            *(_ResBlock(n_hidden) for _ in range(n_res_block)),
            nn.Conv1d(n_hidden, n_output, 1),
        )

    def forward(self, specgram: Tensor) -> Tensor:
        return self.melresnet_model(specgram)


class _ResBlock(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.resblock_model = nn.Sequential(
            nn.Conv1d(channels, channels, 1, bias=False),
            nn.BatchNorm1d(channels),
            nn.ReLU(),
            nn.Conv1d(channels, channels, 1, bias=False),
            nn.BatchNorm1d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.resblock_model(x) + x


def _step(gru: RecurrentWeights, x: Tensor, hidden: Tensor) -> Tensor:
    return torch.gru_cell(x, hidden, *gru.all_weights[0])
