"""Normalisation of text in any language, for scoring recognisers.

After "Text standardization", appendix C of Radford et al., "Robust speech
recognition via large-scale weak supervision", 2022: what two correct
transcripts may differ in is taken away before words are compared.
"""

import unicodedata

__all__ = ["fold_characters", "normalize_basic", "remove_brackets"]

_CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}

# What Unicode does not take apart, or takes apart in another way than is needed here.
_PLAIN_FORMS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ħ": "h", "ı": "i"}
    | dict.fromkeys("’‘ʼ`´", "'")
    | {"½": ".5", "¼": ".25", "¾": ".75"}
)


def normalize_basic(text: str, *, keep_marks: bool = False, split_characters: bool = False) -> str:
    """`text` in lower case, without bracketed parts, punctuation and symbols.

    Args:
        text: in any language and script.
        keep_marks: keep combining marks, instead of making each a space as the
            paper does. Scripts that write vowels as marks (Devanagari, Tamil,
            Thai, ...) lose them, and their words fall apart, without this.
        split_characters: put a space between all characters, which makes a word
            error rate a character error rate where words are not separated.

    Returns:
        Words separated by single spaces. Normalising it again changes nothing.

    >>> normalize_basic("«Où est-elle?» [rires] Voilà…")
    'où est elle voilà'
    >>> normalize_basic("東京 です。", split_characters=True)
    '東 京 で す'
    """
    text = remove_brackets(_compatible_lower(text, "NFKC"))
    dropped = "SPC" if keep_marks else "MSPC"
    text = "".join(" " if unicodedata.category(char)[0] in dropped else char for char in text)
    if split_characters:
        text = "".join(char if unicodedata.category(char)[0] == "M" else f" {char}" for char in text)
    return " ".join(text.split())


def fold_characters(text: str) -> str:
    """`text` in lower case Latin letters without diacritics, with straight apostrophes.

    Other scripts keep their letters. Fractions that are one character become decimals.

    >>> fold_characters("Ça coûte 2½ Œufs, it’s Smørrebrød")
    "ca coute 2.5 oeufs, it's smorrebrod"
    """
    if text.isascii():
        return text.lower().replace("`", "'")
    decomposed = _compatible_lower(text.translate(_PLAIN_FORMS), "NFKD")  # ´ and ½ must not fall apart
    unmarked = "".join(char for char in decomposed if unicodedata.category(char) != "Mn")
    return unicodedata.normalize("NFC", unmarked.translate(_PLAIN_FORMS))  # ŉ and ǣ have


def remove_brackets(text: str) -> str:
    """`text` with each part in (), [], {} or <> replaced by a space, nested ones included.

    A bracket without its counterpart stays.

    >>> remove_brackets("so [laughs (loudly)] it is :)")
    'so   it is :)'
    """
    if not any(bracket in text for bracket in _CLOSING.values()):
        return text
    kept: list[str] = []
    # For each closing bracket, where in `kept` its open ones stand; ascending.
    opened: dict[str, list[int]] = {closing: [] for closing in _CLOSING.values()}
    for char in text:
        if opened.get(char):
            start = opened[char].pop()
            kept[start:] = " "
            for positions in opened.values():  # what was open inside the part is gone with it
                while positions and positions[-1] >= start:
                    positions.pop()
            continue
        if char in _CLOSING:
            opened[_CLOSING[char]].append(len(kept))
        kept.append(char)
    return "".join(kept)


def _compatible_lower(text: str, form: str) -> str:
    """`text` without case and compatibility variants; some letters have a capital inside (ℝ), hence twice."""
    for _ in range(2):
        text = unicodedata.normalize(form, text).casefold()  # type: ignore[arg-type]
    return unicodedata.normalize(form, text)  # type: ignore[arg-type]
