import pytest

from sonovox.text import normalize_letters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Rock ’n’ roll isn’t 'dead'", "rock n roll isn't dead"),
        ("co\u00adoperate, well-known", "cooperate well known"),
        ("ﬁne  ＡＢＣ", "fine abc"),
        ("Straße [laughs] über <noise>", "straße über"),
        ("नमस्ते।", "नमस्ते"),
        ("İstanbul", "i̇stanbul"),
        ("...", ""),
        ("4 %", "4"),
    ],
)
def test_letters_stay_and_the_rest_goes(text, expected):
    assert normalize_letters(text) == expected
    assert normalize_letters(expected) == expected
