"""Language models in KenLM's binary format, through its own package (extra `lm`).

Heafield, "KenLM: faster and smaller language model queries", WMT 2011. ARPA files need
nothing but `language_models`.
"""

import math
from pathlib import Path
from typing import Any

from sonovox._internal.errors import DecodingError
from sonovox._internal.optional import require
from sonovox.decoding.language_models import NGramLanguageModel

__all__ = ["KenLMModel", "read_language_model"]

_LN_10 = math.log(10.0)
_MAGIC = b"mmap lm http"


class KenLMModel:
    """A binary file of KenLM, asked as `NGramLanguageModel` is; a context is a state of KenLM.

    Args:
        path: the file.

    Raises:
        MissingDependencyError: the package is not there.
        DecodingError: the file cannot be read.
    """

    def __init__(self, path: str | Path) -> None:
        self._kenlm: Any = require("kenlm", purpose="a language model in KenLM's binary format")
        try:
            self._model = self._kenlm.Model(str(path))
        except (OSError, RuntimeError) as error:
            raise DecodingError(f"the language model {path} cannot be read: {error}", hint="check the path") from None
        self.order: int = self._model.order

    @property
    def start(self) -> Any:
        """What is known before the first word of a sentence."""
        state = self._kenlm.State()
        self._model.BeginSentenceWrite(state)
        return state

    def __contains__(self, word: str) -> bool:
        return word in self._model

    def score(self, context: Any, word: str) -> float:
        """Log-probability of `word` (`</s>` for the end) after `context`; () for nothing before."""
        return self._step(context, word)[0]

    def context(self, context: Any, word: str) -> Any:
        """What of `context` and `word` matters for the next word."""
        return self._step(context, word)[1]

    def _step(self, context: Any, word: str) -> tuple[float, Any]:
        if isinstance(context, tuple):  # a State cannot be compared with one
            context = self._kenlm.State()
            self._model.NullContextWrite(context)
        after = self._kenlm.State()
        return self._model.BaseScore(context, word, after) * _LN_10, after


def read_language_model(path: str | Path) -> NGramLanguageModel | KenLMModel:
    """The model of an ARPA file, which may be packed with gzip, or of a binary file of KenLM.

    Raises:
        DecodingError: a file that is neither.
        MissingDependencyError: a binary file, where KenLM is not installed.
    """
    try:
        with Path(path).open("rb") as file:
            is_binary = file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        is_binary = False  # told below
    return KenLMModel(path) if is_binary else NGramLanguageModel.from_arpa(path)
