"""Rescorers: the best hypotheses of a search are ranked once more, by what a language model says of whole texts.

Unlike a scorer, a rescorer may read texts with other tokens than the search, and both directions of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import ArgumentError

__all__ = ["BaseRescorerInterface", "RNNLMRescorer", "RescorerBuilder", "TransformerLMRescorer"]


class BaseRescorerInterface:
    """A rescorer: gives each text a score."""

    def rescore_hyps(self, topk_hyps: Sequence[Sequence[str]]) -> Tensor:
        """The score of each text, `(texts,)`, item by item.

        Args:
            topk_hyps: the texts of each item.
        """
        raise NotImplementedError

    def to_device(self, device: torch.device | str | None = None) -> None:
        """Move what it holds to a device, by default the one it was made for."""


class RNNLMRescorer(BaseRescorerInterface):
    """The log-probability of texts under a recurrent language model, their end included.

    Args:
        language_model: gives, of tokens `(texts, steps)`, scores of the next token after each, as an `RNNLM` does.
        tokenizer: has `encode_as_ids`, as a SentencePiece processor.
        device: where `to_device` takes the model; None leaves it where it is.
        temperature: scores are divided by it.
        bos_index: token before a text.
        eos_index: token after it.
        pad_index: token with which shorter texts are filled up.

    >>> class Uniform(nn.Linear):
    ...     def forward(self, tokens):
    ...         return torch.zeros(*tokens.shape, 4)
    >>> class Letters:
    ...     def encode_as_ids(self, text):
    ...         return ["ABC".index(letter) + 1 for letter in text]
    >>> RNNLMRescorer(Uniform(1, 1), Letters()).rescore_hyps([["a", "ab"], ["abc"]])
    tensor([-2.7726, -4.1589, -5.5452])
    """

    def __init__(
        self,
        language_model: nn.Module,
        tokenizer: Any,
        device: torch.device | str | None = None,
        temperature: float = 1.0,
        bos_index: int = 0,
        eos_index: int = 0,
        pad_index: int = 0,
    ) -> None:
        self.lm = language_model.eval()
        self.tokenizer = tokenizer
        self.device = device
        self.temperature = temperature
        self.bos_index, self.eos_index, self.pad_index = bos_index, eos_index, pad_index

    def normalize_text(self, text: str) -> str:
        """The text as the language model was trained on it: in capitals, as LibriSpeech is; override it for others."""
        return text.upper()

    def to_device(self, device: torch.device | str | None = None) -> None:
        """See `BaseRescorerInterface.to_device`."""
        if (device or self.device) is not None:
            self.lm.to(device or self.device)

    def preprocess_func(self, topk_hyps: Sequence[Sequence[str]]) -> tuple[Tensor, list[int]]:
        """The tokens of all texts with their marks, `(texts, steps)`, padded, and how many each has."""
        texts = [self.normalize_text(text) for item in topk_hyps for text in item]
        tokens = [torch.tensor([self.bos_index, *self.tokenizer.encode_as_ids(text), self.eos_index]) for text in texts]
        padded = nn.utils.rnn.pad_sequence(tokens, batch_first=True, padding_value=self.pad_index)
        return padded.to(next(self.lm.parameters()).device), [len(each) for each in tokens]

    @torch.no_grad()
    def rescore_hyps(self, topk_hyps: Sequence[Sequence[str]]) -> Tensor:
        """See `BaseRescorerInterface.rescore_hyps`; in nats."""
        tokens, counts = self.preprocess_func(topk_hyps)
        log_probs = self._log_probs(tokens)[:, :-1].gather(2, tokens[:, 1:].unsqueeze(2)).squeeze(2)
        steps = torch.arange(1, tokens.shape[1], device=tokens.device)
        is_padding = steps >= torch.tensor(counts, device=tokens.device).unsqueeze(1)
        return log_probs.masked_fill(is_padding, 0.0).sum(1)

    def _log_probs(self, tokens: Tensor) -> Tensor:
        """Of the next token after each, `(texts, steps, vocabulary)`."""
        logits = self.lm(tokens)
        if isinstance(logits, tuple):  # with states
            logits = logits[0]
        return (logits / self.temperature).log_softmax(-1)


class TransformerLMRescorer(RNNLMRescorer):
    """The log-probability of texts under a transformer language model; see `RNNLMRescorer` for the arguments.

    The padding is no token that could come: what the model gives it is left out, unless it ends texts too.
    """

    def _log_probs(self, tokens: Tensor) -> Tensor:
        log_probs = super()._log_probs(tokens)
        if self.pad_index == self.eos_index:
            return log_probs
        padding = torch.tensor([self.pad_index], device=tokens.device)
        return log_probs.index_fill(2, padding, -torch.inf).log_softmax(-1)


class RescorerBuilder:
    """Several rescorers, whose weighted scores are added to those of the search.

    A rescorer's name is that of its class in small letters without `Rescorer`: `rnnlm`, `transformerlm`.

    Args:
        weights: of the rescorers, by name.
        rescorers: of different kinds.

    Raises:
        ArgumentError: a weight of no rescorer, a rescorer without a weight, or two of one kind.

    >>> class LengthRescorer(BaseRescorerInterface):
    ...     def rescore_hyps(self, topk_hyps):
    ...         return torch.tensor([float(len(text)) for item in topk_hyps for text in item])
    >>> builder = RescorerBuilder({"length": 0.5}, [LengthRescorer()])
    >>> builder.rescore([["a", "abc"], ["b"]], [[-1.0, -1.5], [-2.0]])
    ([['abc', 'a'], ['b']], [[0.0, -0.5], [-1.5]])
    """

    def __init__(
        self, weights: Mapping[str, float] | None = None, rescorers: Sequence[BaseRescorerInterface] = ()
    ) -> None:
        self.rescorers = {_name(rescorer): rescorer for rescorer in rescorers}
        self.weights = dict(weights or {})
        if len(self.rescorers) < len(rescorers):
            raise ArgumentError(f"rescorers must be of different kinds, got {', '.join(map(_name, rescorers))}")
        for name in (*self.weights, *self.rescorers):
            if name not in self.rescorers or name not in self.weights:
                raise ArgumentError(
                    f"weights and rescorers must have the same names, got {sorted(self.weights)} and "
                    f"{sorted(self.rescorers)}",
                    hint=did_you_mean(name, {*self.rescorers, *self.weights} - {name}) or "give each a weight",
                )

    def rescore(
        self, topk_candidates: Sequence[Sequence[str]], topk_scores: Sequence[Sequence[float]]
    ) -> tuple[list[list[str]], list[list[float]]]:
        """The texts of each item with their new scores, the best one first.

        Args:
            topk_candidates: texts of each item.
            topk_scores: log-probabilities of these; they stay as they are.

        Raises:
            ArgumentError: not as many scores as texts.
        """
        if [len(item) for item in topk_candidates] != [len(item) for item in topk_scores]:
            raise ArgumentError("there must be a score for each text of each item")
        added = torch.zeros(sum(map(len, topk_candidates)), dtype=torch.float64)
        for name, rescorer in self.rescorers.items():
            added += self.weights[name] * rescorer.rescore_hyps(topk_candidates).double().cpu()
        extra = iter(added.tolist())
        ranked = [
            sorted(
                ((text, float(score) + next(extra)) for text, score in zip(texts, scores, strict=True)),
                key=lambda pair: pair[1],
                reverse=True,
            )
            for texts, scores in zip(topk_candidates, topk_scores, strict=True)
        ]
        return [[text for text, _ in item] for item in ranked], [[score for _, score in item] for item in ranked]

    def move_rescorers_to_device(self, device: torch.device | str | None = None) -> None:
        """Move all rescorers, by default each to the device it was made for."""
        for rescorer in self.rescorers.values():
            rescorer.to_device(device)


def _name(rescorer: BaseRescorerInterface) -> str:
    return type(rescorer).__name__.lower().split("rescorer")[0]
