"""SentencePiece processors that are made empty and loaded afterwards, as model folders have them.

T. Kudo and J. Richardson, "SentencePiece: a simple and language independent subword tokenizer and
detokenizer for neural text processing", EMNLP 2018.
"""

import sentencepiece

__all__ = ["SentencePieceProcessor"]


class SentencePieceProcessor(sentencepiece.SentencePieceProcessor):
    """A `sentencepiece.SentencePieceProcessor` whose constructor reads no file, so that strangers' YAML may name it.

    >>> processor = SentencePieceProcessor()
    >>> processor.get_piece_size()
    0
    """

    def __init__(self) -> None:
        super().__init__()
