"""Whisper's decoder under the searchers of sequence to sequence models, for fine-tuning and for scorers.

`decoding.whisper` transcribes recordings; here are SpeechBrain's names for recipes, on
the same cache and rules.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from sonovox._internal.checks import check_choice
from sonovox.decoding.beam_search import S2SBeamSearcher
from sonovox.decoding.seq2seq import S2SGreedySearcher
from sonovox.decoding.whisper_rules import SuppressAtStart, SuppressTokens

__all__ = ["S2SWhisperBeamSearcher", "S2SWhisperGreedySearcher"]


@dataclass
class _Memory:
    cache: Any | None  # None before the first step
    said: Tensor  # since the prompt, `(rows, steps)`


class _WhisperSteps(nn.Module):
    """Steps of a block that has a `models.whisper.Whisper` as its `model`, and its `tokenizer`."""

    model: Any
    bos_index: int
    eos_index: int

    def _prepare(
        self,
        model: nn.Module,
        suppress_blank: bool,
        suppress_tokens: str | Sequence[int] | None,
        sample_len: int | None,
        prefix: str | Sequence[int] | None,
        prompt: str | Sequence[int] | None,
    ) -> None:
        self.model = model
        self.suppress_blank = suppress_blank
        self.suppress_tokens = suppress_tokens
        self.sample_len = sample_len
        self.prefix = prefix
        self.prompt = prompt
        self.lang_tokens: Tensor | None = None
        self.task: str | None = None

    @property
    def initial_tokens(self) -> list[int]:
        """What the decoder reads before it speaks: earlier text, start, language, task, no times, the prefix."""
        vocabulary = self.model.tokenizer
        task = self.task or getattr(self.model, "task", "transcribe")
        language = getattr(self.model, "language", None) or "en"
        tokens = [*vocabulary.prefix(language, task, timestamps=False), *self._encoded(self.prefix)]
        if self.prompt:
            room = self.model.model.config.n_text_positions // 2 - 1
            tokens = [vocabulary.start_of_previous, *self._encoded(self.prompt)[-room:], *tokens]
        return tokens

    @cached_property
    def get_tokens_to_suppress(self) -> tuple[int, ...]:
        """Tokens that are never said."""
        vocabulary, chosen = self.model.tokenizer, self.suppress_tokens
        if isinstance(chosen, str):
            chosen = [int(word) for word in chosen.split(",") if word.strip()]
        if not chosen:
            return ()
        tokens = [token for token in chosen if token >= 0]
        if -1 in chosen:
            tokens += vocabulary.not_said
        return tuple(sorted({*tokens, vocabulary.start, vocabulary.start_of_previous}))

    def set_lang_tokens(self, lang_tokens: Tensor | None) -> None:
        """The token of the language of each row of the next batches, `(rows,)`; None for the block's own."""
        self.lang_tokens = lang_tokens

    def set_task(self, task: str) -> None:
        """`"transcribe"` or `"translate"`."""
        check_choice("task", task, ["transcribe", "translate"])
        self.task = task

    def set_prompt(self, prompt: str | Sequence[int] | None) -> None:
        """Text, or its tokens, that was said before."""
        self.prompt = prompt

    def reset_mem(self, batch_size: int, device: torch.device) -> _Memory:
        """Nothing said."""
        return _Memory(None, torch.empty(batch_size, 0, dtype=torch.long, device=device))

    def permute_mem(self, memory: _Memory, index: Tensor) -> _Memory:
        """The memory of rows `index`, each of the item that it was of."""
        memory.cache.reorder(index)  # type: ignore[union-attr]
        return replace(memory, said=memory.said[index])

    def keep_rows(self, memory: _Memory, rows: Tensor) -> _Memory:
        """The memory of `rows`, after items have left the batch."""
        beam = getattr(self, "beam_size", 1)
        memory.cache.keep(rows[::beam] // beam, rows)  # type: ignore[union-attr]
        return replace(memory, said=memory.said[rows])

    def _begin(self, enc_states: Tensor, wav_len: Tensor) -> tuple[Tensor, int, int]:
        counts, least, most = super()._begin(enc_states, wav_len)  # type: ignore[misc]
        room = self.model.model.config.n_text_positions - len(self.initial_tokens)
        return counts, least, min(most, room if self.sample_len is None else min(room, self.sample_len))

    def _take_ends(self) -> None:
        # They are known once the block is open, which a model folder does last.
        self.bos_index, self.eos_index = self.initial_tokens[-1], self.model.tokenizer.end

    def _logits(self, inp_tokens: Tensor, memory: _Memory, enc_states: Tensor, beam: int) -> tuple[Tensor, _Memory]:
        whisper = self.model.model
        if memory.cache is None:
            tokens = inp_tokens.new_tensor(self.initial_tokens).repeat(len(inp_tokens), 1)
            if self.lang_tokens is not None:
                place = self.initial_tokens.index(self.model.tokenizer.start) + 1
                tokens[:, place] = self.lang_tokens.to(tokens.device).repeat_interleave(beam)
            memory = replace(memory, cache=whisper.start(enc_states[::beam], beams=beam))
        else:
            tokens = inp_tokens.unsqueeze(1)
            memory = replace(memory, said=torch.cat((memory.said, tokens), dim=1))
        logits = whisper.logits(whisper.states(tokens, memory.cache)[:, -1])
        SuppressTokens(self.get_tokens_to_suppress, logits.device)(logits, memory.said)
        if self.suppress_blank:
            SuppressAtStart(self.model.tokenizer.blanks, logits.device)(logits, memory.said)
        return logits, memory

    def _encoded(self, text: str | Sequence[int] | None) -> list[int]:
        return self.model.tokenizer.encode(" " + text.strip()) if isinstance(text, str) else list(text or ())


class S2SWhisperGreedySearcher(_WhisperSteps, S2SGreedySearcher):
    """Greedy search over Whisper's decoder, without times.

    Args:
        model: an `integrations.huggingface.Whisper`; its language and task are asked for.
        temperature: see `S2SGreedySearcher`.
        use_kv_cache: of no effect: keys and values are always kept.
        suppress_blank: no text begins with a blank or its end.
        suppress_tokens: that are never said, as a list or with commas between; -1 for those of the vocabulary.
        sample_len: tokens that are said at most; None for what fits.
        prefix: what the text begins with.
        prompt: what was said before.
        **kwargs: see `S2SBaseSearcher`. `bos_index` and `eos_index`, which older recipes give, are of no effect: the
            block knows its own.

    `model.forward_encoder` gives the states that it is called with; their shares are 1.
    """

    def __init__(
        self,
        model: nn.Module,
        temperature: float = 0.0,
        use_kv_cache: bool = True,
        suppress_blank: bool = True,
        suppress_tokens: str | Sequence[int] | None = "-1",
        sample_len: int | None = None,
        prefix: str | Sequence[int] | None = None,
        prompt: str | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        S2SGreedySearcher.__init__(self, **{**kwargs, "bos_index": -1, "eos_index": -1}, temperature=temperature)
        self._prepare(model, suppress_blank, suppress_tokens, sample_len, prefix, prompt)

    def forward(self, enc_states: Tensor, wav_len: Tensor) -> Any:
        """See `S2SGreedySearcher.forward`."""
        self._take_ends()
        return super().forward(enc_states, wav_len)

    def forward_step(
        self, inp_tokens: Tensor, memory: _Memory, enc_states: Tensor, enc_lens: Tensor
    ) -> tuple[Tensor, _Memory, None]:
        """See `S2SBaseSearcher.forward_step`; nobody knows where it listened."""
        return (*self._logits(inp_tokens, memory, enc_states, 1), None)


class S2SWhisperBeamSearcher(_WhisperSteps, S2SBeamSearcher):
    """Beam search over Whisper's decoder, without times.

    Args:
        module: see `model` of `S2SWhisperGreedySearcher`.
        temperature: the decoder's scores are divided by it.
        use_kv_cache: see `S2SWhisperGreedySearcher`, as are all others.
        suppress_blank: see `use_kv_cache`.
        suppress_tokens: see `use_kv_cache`.
        sample_len: see `use_kv_cache`.
        prefix: see `use_kv_cache`.
        prompt: see `use_kv_cache`.
        **kwargs: see `S2SBeamSearcher`.
    """

    def __init__(
        self,
        module: Any,
        temperature: float = 1.0,
        use_kv_cache: bool = True,
        suppress_blank: bool = True,
        suppress_tokens: str | Sequence[int] | None = "-1",
        sample_len: int | None = None,
        prefix: str | Sequence[int] | None = None,
        prompt: str | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        S2SBeamSearcher.__init__(self, **{**kwargs, "bos_index": -1, "eos_index": -1})
        self.temperature = temperature
        model = module[0] if isinstance(module, list | tuple | nn.ModuleList) else module  # SpeechBrain's is a list
        self._prepare(model, suppress_blank, suppress_tokens, sample_len, prefix, prompt)

    def forward(self, enc_states: Tensor, wav_len: Tensor) -> Any:
        """See `S2SBeamSearcher.forward`."""
        self._take_ends()
        return super().forward(enc_states, wav_len)

    def forward_step(
        self, inp_tokens: Tensor, memory: _Memory, enc_states: Tensor, enc_lens: Tensor
    ) -> tuple[Tensor, _Memory, None]:
        """See `S2SBaseSearcher.forward_step`; nobody knows where it listened."""
        logits, memory = self._logits(inp_tokens, memory, enc_states, self.beam_size)
        return (logits / self.temperature).log_softmax(dim=-1), memory, None
