"""Text as the symbols that published models of speech synthesis were trained with.

Ito's "tacotron" of 2017, NVIDIA's Tacotron 2 and SpeechBrain have one and the same 148 symbols: padding, a dash,
punctuation, letters, and the phones of ARPAbet, which a text may have in braces, `"turn {L EH1 F T}"`.
"""

import re
import string
from collections.abc import Callable, Iterable

from sonovox._internal.checks import check_choice

__all__ = ["SPEECH_SYMBOLS", "english_cleaners", "text_to_sequence"]

_VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
_CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
_PHONES = sorted(
    [*_CONSONANTS.split(), *(vowel + stress for vowel in _VOWELS.split() for stress in ("", "0", "1", "2"))]
)
_PADDING = "_"
# A phone has an "@" here, so that B is no letter.
SPEECH_SYMBOLS = (
    _PADDING,
    *"-!'(),.:;? ",
    *string.ascii_uppercase,
    *string.ascii_lowercase,
    *(f"@{phone}" for phone in _PHONES),
)
_IDS = {symbol: i for i, symbol in enumerate(SPEECH_SYMBOLS) if symbol != _PADDING}

_ABBREVIATIONS = {
    "capt": "captain",
    "co": "company",
    "col": "colonel",
    "dr": "doctor",
    "drs": "doctors",
    "esq": "esquire",
    "ft": "fort",
    "gen": "general",
    "hon": "honorable",
    "jr": "junior",
    "lt": "lieutenant",
    "ltd": "limited",
    "maj": "major",
    "mr": "mister",
    "mrs": "missus",
    "rev": "reverend",
    "sgt": "sergeant",
    "st": "saint",
}
_ABBREVIATION = re.compile(rf"\b({'|'.join(_ABBREVIATIONS)})\.")
_IN_BRACES = re.compile(r"\{(.+?)\}")


def text_to_sequence(text: str, cleaner_names: Iterable[str] = ("english_cleaners",)) -> list[int]:
    """The ids of the symbols of `text`; characters that are no symbols, digits among them, are left out.

    Args:
        text: with phones in braces, if any.
        cleaner_names: what to do with the text outside of braces, one after the other: `"english_cleaners"`,
            `"transliteration_cleaners"` (ASCII and lower case), `"basic_cleaners"` (lower case), `"german_cleaners"`
            (white space).

    Raises:
        ChoiceError: another name.

    >>> text_to_sequence("Dr. No {N OW1}!")
    [41, 52, 40, 57, 52, 55, 11, 51, 52, 11, 119, 123, 2]
    >>> "".join(SPEECH_SYMBOLS[i] for i in text_to_sequence("In 1999, he left."))
    'in , he left.'
    """
    names = list(cleaner_names)
    for name in names:
        check_choice("cleaner_names", name, _CLEANERS)
    symbols: list[str] = []
    for place, part in enumerate(_IN_BRACES.split(text)):  # text and what stands in braces, by turns
        if place % 2:
            symbols += [f"@{phone}" for phone in part.split()]
        else:
            for name in names:
                part = _CLEANERS[name](part)
            symbols += part
    return [_IDS[symbol] for symbol in symbols if symbol in _IDS]


def english_cleaners(text: str) -> str:
    """`text` in lower-case ASCII, with titles and the like written out and white space as single spaces.

    >>> english_cleaners("Mrs.  Smith, of St. Ives")
    'missus smith, of saint ives'
    """
    return _single_spaces(_ABBREVIATION.sub(lambda found: _ABBREVIATIONS[found[1]], _ascii(text).lower()))


def _ascii(text: str) -> str:
    return text.encode("ascii", "ignore").decode()


def _single_spaces(text: str) -> str:
    return re.sub(r"\s+", " ", text)


_CLEANERS: dict[str, Callable[[str], str]] = {
    "basic_cleaners": lambda text: _single_spaces(text.lower()),
    "english_cleaners": english_cleaners,
    "german_cleaners": _single_spaces,
    "transliteration_cleaners": lambda text: _single_spaces(_ascii(text).lower()),
}
