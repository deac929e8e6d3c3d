"""The text of tokens that come a few at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["TextStreamingContext", "decode_tokens_streaming"]

# More than a character has bytes, so that one that is not whole yet is never left behind.
_REMEMBERED = 8
_NO_CHARACTER = "\ufffd"


@dataclass
class TextStreamingContext:
    """What is remembered of the tokens before.

    Args:
        tokens: the last of them.
        characters: of their text, so many were given.
    """

    tokens: tuple[int, ...] = ()
    characters: int = 0


def decode_tokens_streaming(tokenizer: Any, tokens: Sequence[int], context: TextStreamingContext) -> str:
    """What the next tokens add to the text; joined, it is the text of all tokens.

    A SentencePiece processor takes the space from the beginning of what it decodes; here it stays between words. A
    character of several tokens comes with the last of them.

    Args:
        tokenizer: a SentencePiece processor, or a label encoder.
        tokens: the next ones; there may be none.
        context: of the signal; it is changed.

    >>> class Words:
    ...     def decode_ids(self, tokens):
    ...         return " ".join(["how", "are", "you"][token] for token in tokens)
    >>> context = TextStreamingContext()
    >>> [decode_tokens_streaming(Words(), tokens, context) for tokens in ([0, 1], [], [2])]
    ['how are', '', ' you']
    """
    if not hasattr(tokenizer, "decode_ids"):
        return "".join(map(str, tokenizer.decode_ndim(list(tokens))))
    if not tokens:
        return ""
    known = (*context.tokens, *tokens)
    text = tokenizer.decode_ids(list(known)).rstrip(_NO_CHARACTER)
    added = text[context.characters :]
    context.tokens = known[-_REMEMBERED:]
    context.characters = len(tokenizer.decode_ids(list(context.tokens)).rstrip(_NO_CHARACTER))
    return added
