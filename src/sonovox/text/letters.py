"""Transcripts as a recogniser that spells learns them: letters and digits in lower case, and nothing else.

Unlike the normalisers for scoring it changes no words: nothing is expanded, translated
or spelled in another way, since the letters have to be those that were spoken.
"""

import re
import unicodedata

from sonovox.text.basic import remove_brackets

__all__ = ["normalize_letters"]

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ`´ʹ＇", "'"))
# One that opens or closes a quotation, and not a word such as "don't".
_LOOSE_APOSTROPHE = re.compile(r"(?<!\w)'|'(?!\w)")


def normalize_letters(text: str) -> str:
    """`text` in lower case with its letters, marks, digits, and the apostrophes inside words.

    Parts in brackets go with them (`[laughs]`, `<noise>`), punctuation and symbols become
    spaces, characters that nobody sees go. Normalising it again changes nothing.

    Args:
        text: in any language and script.

    >>> normalize_letters("“It’s 7 o'clock” — she said [laughs], 'well-known'!")
    "it's 7 o'clock she said well known"
    """
    text = unicodedata.normalize("NFKC", remove_brackets(text).translate(_APOSTROPHES)).lower()
    text = unicodedata.normalize("NFC", text)  # İ in lower case is two characters
    kept = []
    for character in text:
        kind = unicodedata.category(character)
        if kind[0] in "LMN" or character == "'":
            kept.append(character)
        elif kind != "Cf":  # soft hyphens and the like stand inside words
            kept.append(" ")
    return " ".join(_LOOSE_APOSTROPHE.sub(" ", "".join(kept)).split())
