"""Normalisation of English text, for scoring recognisers.

What two correct transcripts may differ in (case, punctuation, numerals,
contractions, British spelling, hesitations) is brought to one form, after "Text
standardization", appendix C of Radford et al., "Robust speech recognition via
large-scale weak supervision", 2022. A word error rate between texts normalised
here is comparable with the published ones.
"""

import re

from sonovox.text.american_spelling import american_spelling
from sonovox.text.basic import fold_characters, remove_brackets
from sonovox.text.number_words import digitize_number_words

__all__ = ["normalize_english"]

_FILLER = re.compile(r"hm+|mm+|mhm+|uh+|um+")

_TITLES = {
    "mr": "mister",
    "mrs": "missus",
    "dr": "doctor",
    "st": "saint",
    "prof": "professor",
    "capt": "captain",
    "lt": "lieutenant",
    "col": "colonel",
    "gen": "general",
    "gov": "governor",
    "sen": "senator",
    "rep": "representative",
    "pres": "president",
    "rev": "reverend",
    "hon": "honorable",
    "ald": "alderman",
    "asst": "assistant",
    "assoc": "associate",
    "jr": "junior",
    "sr": "senior",
    "esq": "esquire",
}

_CONTRACTIONS = {
    "ain't": "aint",
    "can't": "can not",
    "coulda": "could have",
    "gonna": "going to",
    "gotta": "got to",
    "i'ma": "i am going to",
    "imma": "i am going to",
    "let's": "let us",
    "ma'am": "madam",
    "shan't": "shall not",
    "shoulda": "should have",
    "wanna": "want to",
    "won't": "will not",
    "woulda": "would have",
    "y'all": "you all",
}
_ENDINGS = {"s": "is", "d": "would", "ll": "will", "re": "are", "ve": "have", "m": "am", "t": "not"}  # after '
_PERFECT = {"s": "has", "d": "had"}  # before a participle

_ENDING = "|".join(_ENDINGS)
_LOOSE_ENDING = re.compile(rf"\s+(?='(?:{_ENDING})(?![\w'])|n't\b)")
_WHOLE_CONTRACTION = re.compile(rf"\b(?:{'|'.join(_CONTRACTIONS)})\b")
_PERFECT_ENDING = re.compile(r"(?<=[^\W0-9_])'([sd])(?=\s+(?:been|gone|done|got)\b)")
_PLAIN_ENDING = re.compile(rf"(?<=[^\W0-9_])(?:(n't)|'({_ENDING}))\b")

_TOKEN = re.compile(
    r"""
    (?: [0-9]{1,3} (?:,[0-9]{3})+ (?![0-9]) | [0-9]+ )     # 12,345 or 12345
      (?:\.[0-9]+)*                                        # 3.14, and 192.168.0.1
      (?: (?:st|nd|rd|th|'?s) (?![^\W0-9_]) )?             # 21st, 1980s
    | (?<![\w.]) \.[0-9]+                                  # .5
    | (?<=[0-9])[%$£€¥¢] | (?<=[0-9]\s)[%$£€¥¢]            # 20 %, 5€
    | [$£€¥¢] (?=\s?\.?[0-9])                              # $5
    | [^\W0-9_]+                                           # a word in any script
    """,
    re.VERBOSE,
)
_MINUS = re.compile(r"(?<!\S)[-−](?=[$£€¥¢]?\.?[0-9])")
_REMOVED = str.maketrans("", "", ",'")


def normalize_english(text: str) -> str:
    """`text` in the one form in which English transcripts are compared.

    - lower case, no diacritics, no punctuation, no brackets with what is in them;
    - no hesitations (hmm, mm, mhm, uh, um);
    - contractions and titles in full: won't -> will not, it's been -> it has
      been, Mr. -> mister. A genitive 's becomes "is", as in the paper's own figures;
    - numbers in digits: one hundred and three -> 103, nineteen eighty four ->
      1984, twenty per cent -> 20%, ten dollars -> $10; see `digitize_number_words`;
    - American spelling: colour -> color; see `american_spelling`.

    Returns:
        Words separated by single spaces. Normalising it again changes nothing,
        and the time it takes is proportional to the length of `text`.

    >>> normalize_english("Um, Mr. Grey's colours weren't worth £1,500 [laughs] in nineteen eighty-four!")
    'mister gray is colors were not worth £1500 in 1984'
    """
    text = " ".join(remove_brackets(fold_characters(text)).split())
    text = _MINUS.sub("minus ", _expand_contractions(text))
    words = [_plain_token(token) for token in _TOKEN.findall(text)]
    words = [_TITLES.get(word, word) for word in words if not _FILLER.fullmatch(word)]
    return " ".join(american_spelling(word) for word in digitize_number_words(words))


def _expand_contractions(text: str) -> str:
    text = _LOOSE_ENDING.sub("", text)
    text = _WHOLE_CONTRACTION.sub(lambda found: _CONTRACTIONS[found[0]], text)
    text = _PERFECT_ENDING.sub(lambda found: f" {_PERFECT[found[1]]}", text)
    return _PLAIN_ENDING.sub(lambda found: " not" if found[1] else f" {_ENDINGS[found[2]]}", text)


def _plain_token(token: str) -> str:
    token = token.translate(_REMOVED)
    return f"0{token}" if token.startswith(".") else token
