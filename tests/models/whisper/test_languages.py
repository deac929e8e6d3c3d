import pytest

from sonovox._internal.errors import ChoiceError
from sonovox.models.whisper.languages import LANGUAGES, language_code


def test_there_are_a_hundred_in_the_order_of_their_tokens():
    assert len(LANGUAGES) == 100
    assert list(LANGUAGES)[:3] == ["en", "zh", "de"]
    assert list(LANGUAGES)[-1] == "yue"


@pytest.mark.parametrize(
    ("word", "code"), [("de", "de"), (" German ", "de"), ("Mandarin", "zh"), ("haitian creole", "ht"), ("YUE", "yue")]
)
def test_code_name_and_alias_in_any_case(word, code):
    assert language_code(word) == code


def test_suggests_the_nearest():
    with pytest.raises(ChoiceError, match=r"got 'Germann'; did you mean german\?"):
        language_code("Germann")
    with pytest.raises(ChoiceError, match="leave it out to have it detected"):
        language_code("Qqqq")
