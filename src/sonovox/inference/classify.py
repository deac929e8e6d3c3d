"""What kind of recording this is: its language, its emotion, a keyword, a speaker among known ones."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from sonovox._internal.checks import check_positive
from sonovox._internal.errors import ArgumentError
from sonovox.inference.interface import Pretrained
from sonovox.inference.wave_batches import places_by_length, recording_pieces, wave_batch

__all__ = ["EncoderClassifier", "Ranking"]

AudioPath = str | os.PathLike[str]
# How far the sum of probabilities in float32 may be from 1.
SUM_TOLERANCE = 1e-3
Classes = tuple[Tensor, Tensor, Tensor, list[Any]]
# The folders that classify emotions bring a class of their own for these modules; here none is needed.
WAV2VEC2_MODULES = ("wav2vec2", "avg_pool", "output_mlp")


@dataclass(frozen=True)
class Ranking:
    """The best classes of a recording, the best first.

    Attributes:
        labels: of the classes.
        scores: of each.
        are_probabilities: whether the scores of all classes are probabilities; else they are as the classifier
            gives them, such as cosines.
    """

    labels: list[Any]
    scores: list[float]
    are_probabilities: bool


class EncoderClassifier(Pretrained):
    """A classifier of whole recordings: an embedding of fixed size, and scores of classes from it.

    The YAML file has a `label_encoder` and the modules `compute_features`,
    `mean_var_norm`, `embedding_model` and `classifier`; or `wav2vec2`, `avg_pool` and
    `output_mlp`, with a function `softmax` beside them.

    Recordings of any length, sample rate and number of channels are files to
    `classify_file` and `encode_file`. One of more than 60 s is cut in pauses into
    pieces, of which the results are averaged, so that memory does not grow with its length.

    Raises:
        ArgumentError: a module is not there, or as for `Pretrained`.
    """

    MODULES_NEEDED: ClassVar[tuple[str, ...]] = ("compute_features", "mean_var_norm", "embedding_model", "classifier")

    def encode_batch(
        self, wavs: Tensor | Sequence[Tensor], wav_lens: Tensor | None = None, normalize: bool = False
    ) -> Tensor:
        """The embeddings, `(batch, 1, features)`.

        Args:
            wavs: `(batch, time)` at the rate of the model, padded with zeros, or `(time,)`; it goes through the
                model as it is, and models that hear the padding (most do) give the shorter ones other numbers than
                alone. Or a list of `(time,)`, where each comes out as if it were alone.
            wav_lens: `(batch,)`, shares of the longest one, in (0, 1]; all are full if None.
            normalize: by the statistics of `mean_var_norm_emb` in the YAML file.

        Raises:
            ArgumentError: shapes or lengths that cannot be, or a model without `mean_var_norm_emb`.
            NonFiniteAudioError: NaN or infinity among the samples.
        """
        if not isinstance(wavs, Tensor):
            return self._encode_list(wavs, wav_lens, normalize)
        wavs, wav_lens = wave_batch(wavs, wav_lens, self.device)
        if "wav2vec2" in self.mods:
            embeddings = self.mods["avg_pool"](self.mods["wav2vec2"](wavs, wav_lens), wav_lens)
        else:
            features = self.mods["mean_var_norm"](self.mods["compute_features"](wavs), wav_lens)
            embeddings = self.mods["embedding_model"](features, wav_lens)
        return self._normalized(embeddings) if normalize else embeddings

    def encode_file(self, path: AudioPath, normalize: bool = False) -> Tensor:
        """The embedding of a recording, `(1, 1, features)`: the mean over its pieces, by their length.

        Args:
            path: of a file, or a source of `hub.fetch`.
            normalize: as for `encode_batch`.

        Raises:
            AudioError: the file cannot be read, or holds no samples, NaN or infinity.
            HubError: it cannot be had.
        """
        with torch.no_grad():
            pieces = ((self.encode_batch(piece), len(piece)) for piece in recording_pieces(path, self.sample_rate))
            embedding = _weighted_mean(pieces)
            return self._normalized(embedding) if normalize else embedding

    def classify_batch(self, wavs: Tensor | Sequence[Tensor], wav_lens: Tensor | None = None) -> Classes:
        """The classes of a batch; arguments and errors as of `encode_batch`.

        Returns:
            Scores of all classes, `(batch, classes)`, as the classifier gives them (logarithms of probabilities,
            probabilities or cosines); the best score, `(batch,)`; its class, `(batch,)`; and the label of that.
        """
        return self._classified(self.encode_batch(wavs, wav_lens))

    def classify_file(self, path: AudioPath, **kwargs: Any) -> Classes:
        """The class of a recording, as of `classify_batch` with a batch of one: that of its mean embedding.

        Args:
            path: of a file, or a source of `hub.fetch`.
            kwargs: none yet; `savedir` of SpeechBrain is taken and not needed.

        Raises:
            AudioError: the file cannot be read, or holds no samples, NaN or infinity.
            HubError: it cannot be had.
        """
        _check_no_others(kwargs)
        with torch.no_grad():
            return self._classified(self.encode_file(path))

    def rank_file(self, path: AudioPath, top: int = 5) -> Ranking:
        """The best classes of a recording, as of `classify_file`; logarithms of probabilities become probabilities.

        Args:
            path: of a file, or a source of `hub.fetch`.
            top: how many, at most; fewer where the model has fewer.

        Raises:
            AudioError: the file cannot be read, or holds no samples, NaN or infinity.
            HubError: it cannot be had.
            ArgumentError: a number below 1.
        """
        check_positive("top", top)
        scores = self.classify_file(path)[0].flatten().float().cpu()
        total, log_total = float(scores.sum()), float(scores.logsumexp(0))
        if abs(log_total) < SUM_TOLERANCE and float(scores.max()) <= SUM_TOLERANCE:
            scores, sure = scores.exp(), True
        else:
            sure = abs(total - 1) < SUM_TOLERANCE and float(scores.min()) >= 0
        best, places = scores.topk(min(top, len(scores)))
        labels = self._needed("label_encoder", "decode_torch").decode_torch(places)
        return Ranking(labels, best.tolist(), sure)

    def forward(self, wavs: Tensor, wav_lens: Tensor | None = None) -> Classes:
        """As `classify_batch`."""
        return self.classify_batch(wavs, wav_lens)

    @classmethod
    def _check_needed(cls, kind: str, needed: tuple[str, ...], given: Mapping[str, Any]) -> None:
        super()._check_needed(kind, WAV2VEC2_MODULES if kind == "modules" and "wav2vec2" in given else needed, given)

    def _encode_list(self, wavs: Sequence[Tensor], wav_lens: Tensor | None, normalize: bool) -> Tensor:
        if wav_lens is not None or len(wavs) == 0 or any(wav.dim() != 1 for wav in wavs):
            raise ArgumentError(
                f"a list must have items (time,) and no wav_lens, got shapes {[tuple(wav.shape) for wav in wavs]}",
                hint="give a tensor (batch, time) with wav_lens",
            )
        rows: list[Tensor] = [wavs[0]] * len(wavs)
        for places in places_by_length(wavs):
            same = self.encode_batch(torch.stack([wavs[place] for place in places]), None, normalize)
            for place, row in zip(places, same, strict=True):
                rows[place] = row
        return torch.stack(rows)

    def _normalized(self, embeddings: Tensor) -> Tensor:
        # Some folders have it beside the modules.
        norm = dict(self.mods).get("mean_var_norm_emb", getattr(self.hparams, "mean_var_norm_emb", None))
        if norm is None:
            raise ArgumentError(
                f"normalize=True needs mean_var_norm_emb in the YAML file; the modules are {', '.join(self.mods)}",
                hint="leave normalize out",
            )
        return norm.to(embeddings.device)(embeddings, torch.ones(len(embeddings), device=embeddings.device))

    def _classified(self, embeddings: Tensor) -> Classes:
        if "wav2vec2" in self.mods:
            scores = self._needed("softmax", "__call__")(self.mods["output_mlp"](embeddings.flatten(1)))
        elif "classifier" in self.mods:
            scores = self.mods["classifier"](embeddings).squeeze(1)
        else:
            raise ArgumentError(f"this model has no classifier, only {', '.join(self.mods)}", hint="use encode_batch")
        score, index = scores.max(dim=-1)
        return scores, score, index, self._needed("label_encoder", "decode_torch").decode_torch(index)

    def _needed(self, name: str, method: str) -> Any:
        thing = getattr(self.hparams, name, None)
        if not hasattr(thing, method):
            raise ArgumentError(f"to classify, the YAML file needs a {name}, got {thing!r}", hint="use encode_batch")
        return thing


def _weighted_mean(pieces: Any) -> Tensor:
    total, weights = torch.zeros(()), 0
    for value, weight in pieces:
        total, weights = total.to(value.device) + weight * value, weights + weight
    return total / weights


def _check_no_others(kwargs: Mapping[str, Any]) -> None:
    others = set(kwargs) - {"savedir"}
    if others:
        raise ArgumentError(f"classify_file has no argument {', '.join(sorted(others))}", hint="it takes a path")
