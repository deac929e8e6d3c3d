"""Breaking a text into blocks of few short lines of about equal length, as subtitles are set.

Where to break follows the advice of Karamitroglou, "A proposed set of subtitling
standards in Europe", Translation Journal 2 (2), 1998: after punctuation, before
conjunctions, not between an article and its noun; and for Japanese the rules of
JIS X 4051 on characters that must not begin or end a line.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

__all__ = ["balanced_blocks", "join_texts", "text_width"]

_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han and kana
_UNSPACED = re.compile(f"[{_IDEOGRAPHS}\u3000-\u303f\uff01-\uff65]")
_OPENING = "（［｛「『【〈《〔"
_NO_START = re.escape("、。，．・：；？！）］｝」』】〉》〕…ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ,.!?:;)”’")
_UNIT = re.compile(f"[{_OPENING}]*(?:[{_IDEOGRAPHS}]|[^{_IDEOGRAPHS}{_OPENING}{_NO_START}]+)[{_NO_START}]*|.")
_AFTER_DASH = re.compile(r"(?<=[—–])(?=\w)")

# What a break costs, in characters of imbalance.
_AFTER_SENTENCE, _AFTER_CLAUSE, _BEFORE_CONJUNCTION, _AFTER_STICKY, _INSIDE_WORD = -8.0, -5.0, -3.0, 6.0, 12.0
_SENTENCE_ENDS, _CLAUSE_ENDS, _CLOSING_QUOTES = ".?!。？！…", ",;:—–、，；：", "\"'”’»)]」』"
_CONJUNCTIONS = """
    and but or nor so yet because although though while when where which who whose if unless until after before since
    than as that
"""
_STICKY = """
    a an the my your his her its our their this these those of to in on at for from by with into and but or nor because
    if than as not no very mr mrs ms dr
"""  # what belongs to the word after it
_BEGINS_CLAUSE, _ENDS_NOTHING = frozenset(_CONJUNCTIONS.split()), frozenset(_STICKY.split())


def balanced_blocks(text: str, *, max_characters: int, max_lines: int, at_least: int = 1) -> list[tuple[str, ...]]:
    """`text` in blocks of at most `max_lines` lines, each at most `max_characters` wide.

    Blocks are as few as hold the text. They, and the lines in them, are about
    equally long. Words longer than a line are broken; Chinese and Japanese break
    between characters.

    Args:
        text: in any language; white space and control characters separate words.
        max_characters: of a line, at least 2; East Asian wide characters count twice.
        max_lines: of a block, at least 1.
        at_least: how many blocks to make, as far as there is half a line for each.

    >>> balanced_blocks("It was the best of times, it was the worst of times", max_characters=30, max_lines=2)
    [('It was the best of times,', 'it was the worst of times')]
    """
    pieces = _pieces(text, max_characters)
    if not pieces:
        return []
    paragraph = _Paragraph(pieces)
    line_reach = paragraph.reach(max_characters)
    block_reach = list(range(len(pieces)))
    for _ in range(max_lines):
        block_reach = [line_reach[end] if end < len(pieces) else end for end in block_reach]
    whole = (0, len(pieces))
    affordable = min(at_least, 2 * paragraph.width(*whole) // max_characters, len(pieces))
    n_blocks = max(paragraph.parts_needed(*whole, block_reach)[0], affordable)
    blocks = []
    for block in pairwise(paragraph.divide(*whole, n_blocks, block_reach, weight=2.0)):
        n_lines = paragraph.parts_needed(*block, line_reach)[0]
        lines = pairwise(paragraph.divide(*block, n_lines, line_reach, weight=1.0))
        blocks.append(tuple(paragraph.line(*line) for line in lines))
    return blocks


def join_texts(texts: Iterable[str]) -> str:
    """`texts` as one running text: a space between two of them, except inside Chinese and Japanese.

    >>> join_texts([" And so", "my fellow Americans "]), join_texts(["東京です。", "はい"])
    ('And so my fellow Americans', '東京です。はい')
    """
    joined: list[str] = []
    for text in filter(None, map(str.strip, texts)):
        if joined and not (_UNSPACED.match(joined[-1][-1]) and _UNSPACED.match(text[0])):
            joined.append(" ")
        joined.append(text)
    return "".join(joined)


def text_width(text: str) -> int:
    """How many columns `text` takes on a screen; East Asian wide characters take two.

    >>> text_width("two"), text_width("二")
    (3, 2)
    """
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


class _Piece(NamedTuple):
    """A word, or the part of one after which a line may break; `gap` is the space before it, 0 or 1."""

    text: str
    gap: int


class _Paragraph:
    """Pieces in a row, and ways to divide them. `reach[i]` is where a part that begins with piece i must end."""

    def __init__(self, pieces: Sequence[_Piece]) -> None:
        self.pieces = pieces
        self.offsets = [0, *accumulate(piece.gap + text_width(piece.text) for piece in pieces)]

    def width(self, start: int, end: int) -> int:
        """Of pieces `start` to `end` on one line."""
        return self.offsets[end] - self.offsets[start] - self.pieces[start].gap

    def line(self, start: int, end: int) -> str:
        """The text of pieces `start` to `end`."""
        return "".join(" " * piece.gap + piece.text for piece in self.pieces[start:end]).lstrip(" ")

    def reach(self, max_characters: int) -> list[int]:
        """For each piece, where a line that begins with it ends at the latest."""
        reach, end = [], 0
        for start in range(len(self.pieces)):
            while end < len(self.pieces) and self.width(start, end + 1) <= max_characters:
                end += 1
            reach.append(end)
        return reach

    def parts_needed(self, start: int, end: int, reach: Sequence[int]) -> list[int]:
        """For each of the pieces `start` to `end`, how many parts hold what is from there to `end`."""
        needed = [0] * (end - start + 1)
        for i in range(end - 1, start - 1, -1):
            needed[i - start] = 1 + needed[min(reach[i], end) - start]
        return needed

    def divide(self, start: int, end: int, parts: int, reach: Sequence[int], *, weight: float) -> list[int]:
        """Bounds of `parts` parts of pieces `start` to `end`: halved again and again at the best break near the middle.

        `weight` is how many characters of imbalance a unit of the break costs is worth.
        """
        if parts == 1:
            return [start, end]
        left = parts // 2
        furthest = start
        for _ in range(left):
            furthest = min(reach[furthest], end - (parts - left))  # at least a piece for each part on the right
        needed = self.parts_needed(start, end, reach)
        middle = self.offsets[start] + (self.offsets[end] - self.offsets[start]) * left / parts
        possible = [cut for cut in range(start + left, furthest + 1) if needed[cut - start] <= parts - left]
        best = min(possible, key=lambda cut: abs(self.offsets[cut] - middle) + weight * self._break_cost(cut))
        bounds = self.divide(start, best, left, reach, weight=weight)
        return bounds + self.divide(best, end, parts - left, reach, weight=weight)[1:]

    def _break_cost(self, cut: int) -> float:
        before, after = self.pieces[cut - 1].text, self.pieces[cut]
        last = (before.rstrip(_CLOSING_QUOTES) or before)[-1]
        if last in _SENTENCE_ENDS:
            return _AFTER_SENTENCE
        if last in _CLAUSE_ENDS:
            return _AFTER_CLAUSE
        if not after.gap and not _UNSPACED.match(after.text):
            return _INSIDE_WORD
        cost = _BEFORE_CONJUNCTION if after.text.lower() in _BEGINS_CLAUSE else 0.0
        return cost + (_AFTER_STICKY if before.lower() in _ENDS_NOTHING else 0.0)


def _pieces(text: str, max_characters: int) -> list[_Piece]:
    # Control characters and lone surrogates cannot stand in a file of subtitles.
    text = "".join(" " if unicodedata.category(char) in ("Cc", "Cs") else char for char in text)
    pieces: list[_Piece] = []
    for word in text.split():
        units = _UNIT.findall(word) if _UNSPACED.search(word) else _AFTER_DASH.split(word)
        parts = [part for unit in units for part in _cut(unit, max_characters)]
        pieces += [_Piece(part, int(i == 0 and bool(pieces))) for i, part in enumerate(parts)]
    return pieces


def _cut(word: str, max_characters: int) -> list[str]:
    """`word` in parts that fit a line, none of which begins with a combining mark where that can be avoided."""
    parts, start, width = [], 0, 0
    for i, char in enumerate(word):
        width += text_width(char)
        if width > max_characters:
            end = i
            while end > start + 1 and unicodedata.combining(word[end]):
                end -= 1
            end = i if unicodedata.combining(word[end]) else end
            parts.append(word[start:end])
            start, width = end, text_width(word[end : i + 1])
    return [*parts, word[start:]]
