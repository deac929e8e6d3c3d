"""Wav2Letter: letters of speech from convolutions alone.

Collobert, Puhrsch and Synnaeve, "Wav2Letter: an end-to-end ConvNet-based speech recognition system", 2016.
Weights of torchaudio load as they are.
"""

from torch import Tensor, nn

from sonovox._internal.checks import check_choice

__all__ = ["Wav2Letter"]

# Channels, taps, stride and zeros at both ends, of the layers between input and classes; figure 1 of the paper.
_LAYERS = [(250, 48, 2, 23), *[(250, 7, 1, 3)] * 7, (2000, 32, 1, 16), (2000, 1, 1, 0)]
_WAVEFORM_LAYER = (250, 250, 160, 45)


class Wav2Letter(nn.Module):
    """Log-probabilities of classes, for every second frame of features or for every 320 samples.

    Args:
        num_classes: classes, the blank of CTC among them.
        input_type: `"waveform"`, `"power_spectrum"` or `"mfcc"`; the latter two are one and the same model.
        num_features: channels of the input; 1 of a waveform.

    Raises:
        ChoiceError: another `input_type`.

    >>> import torch
    >>> Wav2Letter(num_classes=29)(torch.zeros(1, 1, 16000)).shape
    torch.Size([1, 29, 51])
    """

    def __init__(self, num_classes: int = 40, input_type: str = "waveform", num_features: int = 1) -> None:
        super().__init__()
        check_choice("input_type", input_type, ["waveform", "power_spectrum", "mfcc"])
        layers = [*_LAYERS, (num_classes, 1, 1, 0)]
        if input_type == "waveform":
            first = _convolutions(num_features, [_WAVEFORM_LAYER])
            self.acoustic_model = nn.Sequential(first, _convolutions(_WAVEFORM_LAYER[0], layers))
        else:
            self.acoustic_model = _convolutions(num_features, layers)

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, num_classes, time)`, natural logarithms, of `x`, `(batch, num_features, time)`."""
        return self.acoustic_model(x).log_softmax(dim=1)


def _convolutions(channels: int, layers: list[tuple[int, int, int, int]]) -> nn.Sequential:
    # The scores of the classes are rectified, too, which the weights of torchaudio were trained with.
    modules: list[nn.Module] = []
    for out_channels, kernel_size, stride, padding in layers:
        modules += [nn.Conv1d(channels, out_channels, kernel_size, stride, padding), nn.ReLU()]
        channels = out_channels
    return nn.Sequential(*modules)
