"""The characters of the texts, and those among them that are likely to be mistakes."""

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["OddCharacter", "count_characters", "odd_characters", "visible"]

RARE = 2
# Letters of other scripts, and the Latin ones from which nobody tells them in a text.
_LOOKALIKES = dict(zip("аеорсухіјѕһԁԛԝ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαονρυ", "aeopcyxijshdqw" + "ABEZHIKMNOPTYXaovpu", strict=True))


@dataclass(frozen=True)
class OddCharacter:
    """A character to look at.

    Args:
        character: itself.
        count: how often it occurs.
        reason: what is odd about it.
        items: ids of the first texts that have it.
    """

    character: str
    count: int
    reason: str
    items: tuple[str, ...]

    def __str__(self) -> str:
        times = {1: "once", 2: "twice"}.get(self.count, f"{self.count} times")
        more = ", …" if self.count > len(self.items) else ""
        return f"{visible(self.character)!r} {times}: {self.reason} ({', '.join(self.items)}{more})"


def visible(character: str) -> str:
    """A character, or its number where nothing would be seen of it.

    >>> visible("a"), visible("\\u200b")
    ('a', 'U+200B')
    """
    return character if character.isprintable() else f"U+{ord(character):04X}"


def count_characters(texts: Mapping[str, str]) -> Counter[str]:
    """How often each character occurs in texts by id, the space between words left out.

    >>> count_characters({"a": "no one"}).most_common(1)
    [('n', 2)]
    """
    counts: Counter[str] = Counter()
    for text in texts.values():
        counts.update(text)
    del counts[" "]
    return counts


def odd_characters(texts: Mapping[str, str]) -> list[OddCharacter]:
    """Digits, punctuation, letters that only look like those of the others, and what is too rare to be learnt.

    >>> for odd in odd_characters({"a": "one one one", "b": "оne 7 one 7 7 one"}):  # the second begins with another о
    ...     print(odd)
    '7' 3 times: a digit; write numbers as they are said (b, …)
    'о' once: CYRILLIC SMALL LETTER O, which looks like 'o' (b)
    """
    counts = count_characters(texts)
    reasons = {character: _reason(character, counts) for character in counts}
    found = []
    for character in sorted(counts, key=lambda each: (-counts[each], each)):
        if reasons[character]:
            where = [name for name, text in texts.items() if character in text][:2]
            found.append(OddCharacter(character, counts[character], reasons[character], tuple(where)))
    return found


def _reason(character: str, counts: Mapping[str, int]) -> str:
    kind, count = unicodedata.category(character), counts[character]
    if kind[0] == "N":
        return "a digit; write numbers as they are said"
    if kind[0] == "C" or not character.isprintable():
        return "an invisible character"
    if kind[0] in "PS" and character != "'":
        return "punctuation; --normalize letters leaves it out"
    latin = _LOOKALIKES.get(character, character)
    twins = [latin, *(other for other, one in _LOOKALIKES.items() if one == latin)]
    twin = max(twins, key=lambda each: counts.get(each, 0))
    if counts.get(twin, 0) > count:
        return f"{unicodedata.name(character, 'a letter')}, which looks like {twin!r}"
    if count <= RARE:
        return "too rare to be learnt"
    return ""
