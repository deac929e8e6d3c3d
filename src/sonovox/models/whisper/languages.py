"""The languages of Whisper, in the order of their tokens."""

from sonovox._internal.checks import did_you_mean
from sonovox._internal.errors import ChoiceError

__all__ = ["LANGUAGES", "language_code"]

# Code -> English name. The order is that of the token ids; the last one came with large-v3.
_TABLE = """
    en:english zh:chinese de:german es:spanish ru:russian ko:korean fr:french ja:japanese pt:portuguese
    tr:turkish pl:polish ca:catalan nl:dutch ar:arabic sv:swedish it:italian id:indonesian hi:hindi fi:finnish
    vi:vietnamese he:hebrew uk:ukrainian el:greek ms:malay cs:czech ro:romanian da:danish hu:hungarian ta:tamil
    no:norwegian th:thai ur:urdu hr:croatian bg:bulgarian lt:lithuanian la:latin mi:maori ml:malayalam cy:welsh
    sk:slovak te:telugu fa:persian lv:latvian bn:bengali sr:serbian az:azerbaijani sl:slovenian kn:kannada
    et:estonian mk:macedonian br:breton eu:basque is:icelandic hy:armenian ne:nepali mn:mongolian bs:bosnian
    kk:kazakh sq:albanian sw:swahili gl:galician mr:marathi pa:punjabi si:sinhala km:khmer sn:shona yo:yoruba
    so:somali af:afrikaans oc:occitan ka:georgian be:belarusian tg:tajik sd:sindhi gu:gujarati am:amharic
    yi:yiddish lo:lao uz:uzbek fo:faroese ht:haitian_creole ps:pashto tk:turkmen nn:nynorsk mt:maltese
    sa:sanskrit lb:luxembourgish my:myanmar bo:tibetan tl:tagalog mg:malagasy as:assamese tt:tatar haw:hawaiian
    ln:lingala ha:hausa ba:bashkir jw:javanese su:sundanese yue:cantonese
"""
LANGUAGES = {code: name.replace("_", " ") for code, name in (entry.split(":") for entry in _TABLE.split())}

# Other English names of languages that are in the table.
_ALIASES = {
    "burmese": "my",
    "castilian": "es",
    "flemish": "nl",
    "haitian": "ht",
    "letzeburgesch": "lb",
    "mandarin": "zh",
    "moldavian": "ro",
    "moldovan": "ro",
    "panjabi": "pa",
    "pushto": "ps",
    "sinhalese": "si",
    "valencian": "ca",
}


def language_code(language: str) -> str:
    """The code of a language given by code or English name, in any case.

    Raises:
        ChoiceError: Whisper does not know it; the nearest name is suggested.

    >>> language_code("German"), language_code("pt"), language_code("haitian creole")
    ('de', 'pt', 'ht')
    """
    word = language.strip().lower()
    if word in LANGUAGES:
        return word
    by_name = {name: code for code, name in LANGUAGES.items()} | _ALIASES
    if word not in by_name:
        raise ChoiceError(
            f"language must be one of Whisper's {len(LANGUAGES)}, by code or English name, got {language!r}",
            hint=did_you_mean(word, by_name) or "leave it out to have it detected",
        )
    return by_name[word]
