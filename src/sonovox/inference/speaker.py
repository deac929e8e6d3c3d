"""Whether the same person speaks in two recordings: cosines of embeddings against a threshold."""

import os
from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor

from sonovox._internal.errors import ArgumentError
from sonovox.inference.classify import EncoderClassifier

__all__ = ["SpeakerRecognition"]

AudioPath = str | os.PathLike[str]
# Below this a norm counts as this, so that the cosine of zeros is zero.
SMALLEST_NORM = 1e-6


class SpeakerRecognition(EncoderClassifier):
    """A comparison of voices.

    The YAML file has the modules `compute_features`, `mean_var_norm` and
    `embedding_model`; with a `classifier` it can also say which of the speakers of
    its training a voice resembles.

    >>> import torch
    >>> SpeakerRecognition.verify_embeddings(torch.tensor([[[1.0, 0.0]]]), torch.tensor([[[1.0, 1.0]]]))
    (tensor([[0.7071]]), tensor([[True]]))
    """

    MODULES_NEEDED: ClassVar[tuple[str, ...]] = ("compute_features", "mean_var_norm", "embedding_model")

    def verify_batch(
        self,
        wavs1: Tensor,
        wavs2: Tensor,
        wav1_lens: Tensor | None = None,
        wav2_lens: Tensor | None = None,
        threshold: float = 0.25,
    ) -> tuple[Tensor, Tensor]:
        """How alike the voices of each pair are, and whether they count as the same.

        Args:
            wavs1: as for `encode_batch`.
            wavs2: as many as `wavs1`, or one for all of them.
            wav1_lens: `(batch,)`, shares of the longest one, in (0, 1].
            wav2_lens: the same for `wavs2`.
            threshold: of the cosine, above which two voices count as the same. 0.25 suits ECAPA-TDNN trained on
                VoxCeleb; find that of another model, or of other recordings, with pairs of known speakers.

        Returns:
            Cosines, `(batch, 1)`, from -1 to 1; and decisions, `(batch, 1)`, bool.

        Raises:
            ArgumentError: as for `encode_batch`, or batches of different sizes.
        """
        first = self.encode_batch(wavs1, wav1_lens)
        return self.verify_embeddings(first, self.encode_batch(wavs2, wav2_lens), threshold)

    def verify_files(self, path_x: AudioPath, path_y: AudioPath, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """How alike the voices of two files are, `(1,)`, and whether they count as the same, `(1,)`, bool.

        Args:
            path_x: of any length, sample rate and number of channels; or a source of `hub.fetch`.
            path_y: the other one.
            kwargs: `threshold`, as for `verify_batch`; `savedir` of SpeechBrain is taken and not needed.

        Raises:
            AudioError: a file cannot be read, or holds no samples, NaN or infinity.
            HubError: it cannot be had.
        """
        kwargs.pop("savedir", None)
        score, decision = self.verify_embeddings(self.encode_file(path_x), self.encode_file(path_y), **kwargs)
        return score[0], decision[0]

    @staticmethod
    def verify_embeddings(first: Tensor, second: Tensor, threshold: float = 0.25) -> tuple[Tensor, Tensor]:
        """As `verify_batch`, of embeddings that `encode_batch` or `encode_file` gave at some time.

        Args:
            first: `(batch, 1, features)`.
            second: as many, or one for all of them; on any device.
            threshold: as for `verify_batch`.

        Raises:
            ArgumentError: shapes that do not fit.
        """
        try:
            score = F.cosine_similarity(first, second.to(first), dim=-1, eps=SMALLEST_NORM)
        except RuntimeError as error:
            raise ArgumentError(
                f"embeddings must be (batch, 1, features), as many of both, got {tuple(first.shape)} and "
                f"{tuple(second.shape)}",
                hint="were they made by the same model?",
            ) from error
        return score, score > threshold
