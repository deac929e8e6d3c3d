"""Models and vocabularies small enough to search by hand."""

from types import SimpleNamespace

import pytest
import torch


class TableDecoder:
    """Says token `j` after token `i` with probability `table[audio][i][j]`; the audio is an index of a table."""

    def __init__(self, tables: torch.Tensor) -> None:
        self.tables = tables.log()
        self.calls: list[int] = []

    def start(self, audio, *, beams=1, max_length=None):
        cache = SimpleNamespace(rows=audio[:, 0, 0].long().repeat_interleave(beams), max_length=max_length, length=0)
        cache.reorder = lambda rows: None  # a table remembers nothing but the last token
        cache.keep = lambda items, rows: setattr(cache, "rows", cache.rows[rows])
        return cache

    def states(self, tokens, cache):
        cache.length += tokens.shape[1]
        assert cache.length <= cache.max_length
        self.calls.append(tokens.shape[0])
        return torch.stack([cache.rows[:, None].expand_as(tokens), tokens], -1)

    def logits(self, states):
        return self.tables[states[..., 0], states[..., 1]]


class ScriptedModel:
    """Says what a script says: for the window whose mel begins with frame number `n`, `script[n]`.

    Each script is a list of tokens; the end comes after it. `no_speech` is the
    probability at the start, `confidence` that of each scripted token. A
    temperature-dependent answer can be given by rewriting `script` between calls.
    """

    def __init__(self, vocabulary, script, *, no_speech=0.0, confidence=0.9) -> None:
        self.vocabulary, self.script = vocabulary, script
        self.no_speech, self.confidence = no_speech, confidence
        self.prompts: list[list[int]] = []
        self.batches: list[int] = []

    def encode(self, mel):
        self.batches.append(mel.shape[0])
        return mel[:, :1, :1]  # [items, 1, 1]: the number of the first frame

    def start(self, audio, *, beams=1, max_length=None):
        cache = SimpleNamespace(keys=audio[:, 0, 0].long().repeat_interleave(beams).tolist(), said=None)
        cache.reorder = lambda rows: None
        cache.keep = lambda items, rows: setattr(cache, "keys", [cache.keys[row] for row in rows.tolist()])
        return cache

    def states(self, tokens, cache):
        if cache.said is None:
            cache.said = 0
            self.prompts += tokens.tolist()
            cache.start = tokens[0].tolist().index(self.vocabulary.start)
            scripts = [self.script.get(key, []) for key in cache.keys]
            first = [self._scores(script[0] if script else self.vocabulary.end) for script in scripts]
            states = torch.stack(first)[:, None].expand(-1, tokens.shape[1], -1).clone()
            states[:, cache.start, self.vocabulary.no_speech] = self._logit(self.no_speech)
            return states
        cache.said += 1
        following = [[*self.script.get(key, []), *[self.vocabulary.end] * 300][cache.said] for key in cache.keys]
        return torch.stack([self._scores(token) for token in following])[:, None]

    def logits(self, states):
        return states

    def _logit(self, probability):
        rest = (1 - probability) or 1e-6
        return torch.tensor(probability / rest * self.vocabulary.size + 1e-6).log()

    def _scores(self, token):
        scores = torch.zeros(self.vocabulary.size)
        scores[token] = self._logit(self.confidence)
        return scores


def small_vocabulary():
    """Texts 0 to 25 are the letters; then the special tokens, and times from id 40 on."""
    vocabulary = SimpleNamespace(
        start=27, end=26, start_of_previous=28, no_speech=29, no_timestamps=30, first_timestamp=40, size=40 + 1501,
        languages={"en": 31, "de": 32}, multilingual=False, blanks=[26], not_said=[29],
    )  # fmt: skip
    vocabulary.encode = lambda text: [ord(c) - 97 for c in text if c.isalpha()]
    vocabulary.decode = lambda tokens: "".join(chr(97 + token) for token in tokens if token < 26)
    vocabulary.prefix = lambda language, task, *, timestamps: [27] if timestamps else [27, 30]
    return vocabulary


@pytest.fixture
def table_decoder():
    """Three items over 6 tokens; 5 is the end, 4 starts."""
    generator = torch.Generator().manual_seed(3)
    tables = (2.0 * torch.randn(3, 6, 6, generator=generator)).softmax(-1)
    return TableDecoder(tables)


@pytest.fixture
def vocabulary():
    return small_vocabulary()


@pytest.fixture
def at(vocabulary):
    """`at(1.5)`: the token that says 1.5 s."""
    return lambda seconds: vocabulary.first_timestamp + round(seconds / 0.02)


@pytest.fixture
def scripted(vocabulary):
    return lambda script, **options: ScriptedModel(vocabulary, script, **options)


@pytest.fixture
def numbered_mel():
    """`numbered_mel(4500)`: a mel of one band that counts its frames."""
    return lambda n_frames: torch.arange(float(n_frames))[None]
