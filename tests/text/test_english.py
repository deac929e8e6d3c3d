import random
import time

import pytest

from sonovox.metrics.error_rate import word_error_rate
from sonovox.text.english import normalize_english

CASES = [
    # case, space and punctuation
    ("", ""),
    ("   ", ""),
    ("Hello, World!", "hello world"),
    ("a\tb\nc", "a b c"),
    ("well-known", "well known"),
    ("and/or", "and or"),
    ("wait... what?!", "wait what"),
    ("snake_case", "snake case"),
    ('he said: "no"; she left', "he said no she left"),
    ("it cost £", "it cost"),
    ("U.S. Army", "u s army"),
    ("i.e. the letter", "i e the letter"),
    ("ne-plus-ultra", "ne plus ultra"),
    ("o'clock", "o clock"),
    ("the 'quoted' word", "the quoted word"),
    ("dogs' bones", "dogs bones"),
    # brackets
    ("so [laughs] it is", "so it is"),
    ("dated (which also was printed) imitates", "dated imitates"),
    ("<unk> yes {noise}", "yes"),
    ("a (b (c) d) e", "a e"),
    ("a ( b", "a b"),
    ("a ) b", "a b"),
    # hesitations
    ("um I, uh, think", "i think"),
    ("hmm mm mhm mmm uhh umm", ""),
    ("umbrella hum", "umbrella hum"),
    # diacritics and letters of other kinds
    ("café naïve Ångström", "cafe naive angstrom"),
    ("Œuvre of Søren Łódź", "oeuvre of soren lodz"),
    ("straße", "strasse"),
    ("it’s", "it is"),
    ("Москва 東京", "москва 東京"),
    # contractions
    ("won't", "will not"),
    ("can't", "can not"),
    ("cannot", "cannot"),
    ("shan't", "shall not"),
    ("don't didn't isn't", "do not did not is not"),
    ("do n't", "do not"),
    ("let's go", "let us go"),
    ("ain't", "aint"),
    ("they're we've you'll I'm", "they are we have you will i am"),
    ("I'd go", "i would go"),
    ("it 's fine", "it is fine"),
    ("it's been", "it has been"),
    ("he's gone and she's done", "he has gone and she has done"),
    ("he's got it", "he has got it"),
    ("I'd been", "i had been"),
    ("the dog's bone", "the dog is bone"),
    ("y'all", "you all"),
    ("ma'am", "madam"),
    ("gonna wanna gotta", "going to want to got to"),
    ("shoulda woulda coulda", "should have would have could have"),
    ("I'ma", "i am going to"),
    ("the 'd' key", "the d key"),
    # titles
    ("Mr. and Mrs. Smith", "mister and missus smith"),
    ("Dr. Watson", "doctor watson"),
    ("St. Paul", "saint paul"),
    ("Prof. Capt. Lt. Col.", "professor captain lieutenant colonel"),
    ("King, Jr.", "king junior"),
    # cardinals
    ("zero", "0"),
    ("one", "1"),
    ("nineteen", "19"),
    ("twenty-one", "21"),
    ("thirty", "30"),
    ("one hundred", "100"),
    ("a hundred", "a 100"),
    ("hundred", "100"),
    ("one hundred three", "103"),
    ("one hundred and three", "103"),
    ("two hundred fifty thousand", "250000"),
    ("two hundred fifty thousand three hundred and twelve", "250312"),
    ("one million two hundred thousand", "1200000"),
    ("one thousand and one nights", "1001 nights"),
    ("ten thousand million", "10000000000"),
    ("one hundred three hundred", "100 300"),
    ("between one thousand and two thousand", "between 1000 and 2000"),
    ("two thousand nineteen eighty four", "2000 1984"),
    ("5 hundred", "500"),
    ("2.5 million", "2500000"),
    ("12 thousand", "12000"),
    ("twenty 5", "20 5"),
    ("five and six", "5 and 6"),
    ("nought", "0"),
    # years and digits read one after the other
    ("nineteen eighty four", "1984"),
    ("fourteen fifty-five", "1455"),
    ("nineteen hundred and five", "1905"),
    ("two thousand nineteen", "2019"),
    ("twenty twenty", "2020"),
    ("twenty one hundred", "2100"),
    ("one two three", "123"),
    ("nine one one", "911"),
    ("nineteen oh five", "1905"),
    ("double oh seven", "007"),
    ("triple five", "555"),
    ("oh no", "oh no"),
    ("five oh my", "5 oh my"),
    ("double trouble", "double trouble"),
    # ordinals, plurals, decades
    ("first second third fourth", "1st 2nd 3rd 4th"),
    ("twenty first", "21st"),
    ("twenty-second", "22nd"),
    ("eleventh twelfth twentieth", "11th 12th 20th"),
    ("one hundred and third", "103rd"),
    ("two thousand third", "2003rd"),
    ("nineteen eighty first", "1981st"),
    ("two hundredth", "200th"),
    ("five fifth", "5 5th"),
    ("the 21st", "the 21st"),
    ("five seconds", "5 seconds"),
    ("two thirds", "2 thirds"),
    ("the twenties", "the 20s"),
    ("nineteen eighties", "1980s"),
    ("the 1980's and 1990s", "the 1980s and 1990s"),
    ("hundreds of thousands", "100s of 1000s"),
    ("ones and sixes", "1s and 6s"),
    # decimals and fractions
    ("three point one four", "3.14"),
    ("zero point oh five", "0.05"),
    ("one point five million", "1500000"),
    ("the point is", "the point is"),
    ("point five", "point 5"),
    ("two and a half", "2.5"),
    ("two and a half million", "2500000"),
    ("two and a quarter", "2.25"),
    ("six and three quarters", "6.75"),
    ("an hour and a half", "an hour and a half"),
    ("2½ cups", "2.5 cups"),
    ("½", "0.5"),
    (".5", "0.5"),
    ("3.14 and 192.168.0.1", "3.14 and 192.168.0.1"),
    # digits with signs
    ("1,000 and 12,345.67", "1000 and 12345.67"),
    ("1, 2, 3", "1 2 3"),
    ("1,2,3", "1 2 3"),
    ("5pm mp3 4x4", "5 pm mp 3 4 x 4"),
    ("10:30", "10 30"),
    ("555-1212", "555 1212"),
    ("-5 degrees", "minus 5 degrees"),
    ("minus five", "minus 5"),
    # percent and money
    ("20%", "20%"),
    ("20 %", "20%"),
    ("twenty percent", "20%"),
    ("twenty per cent", "20%"),
    ("percent of people", "percent of people"),
    ("ten dollars", "$10"),
    ("ten thousand dollars", "$10000"),
    ("$5", "$5"),
    ("$ 5", "$5"),
    ("5$ and 5 €", "$5 and €5"),
    ("£1.5 million", "£1500000"),
    ("five pounds six euros and seven yen", "£5 €6 and ¥7"),
    ("fifty cents", "¢50"),
    ("two dollars and fifty cents", "$2.50"),
    ("two dollars five cents", "$2.05"),
    ("five dollars and a half", "$5.5"),
    # British spelling
    ("Colour of the neighbouring theatre", "color of the neighboring theater"),
    ("We organised travelling programmes", "we organized traveling programs"),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text[:30] or "empty" for text, _ in CASES])
def test_case(text, expected):
    assert normalize_english(text) == expected


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text[:30] or "empty" for text, _ in CASES])
def test_normalising_again_changes_nothing(text, expected):
    assert normalize_english(expected) == expected


VOCABULARY = """
    one two five nine ten nineteen twenty thirty hundred thousand million first third twentieth eighties hundreds zero
    oh o double triple and a half quarter three quarters point percent per cent % $ £ ¢ dollars dollar cents yen 5 12
    3.5 1.2.3 21st 1980s .5 $5 5% 5$ ¢50 $2 -5 007 1,000 's n't 'd been gone mr st um mm m ' ( ) [ ] . , - ½ o'clock
    can't colour 5mm 2½ ŉ
"""


def test_random_mixtures_are_normalised_once_and_for_all():
    chance = random.Random(0)
    words, joints = VOCABULARY.split(), ["", " ", " ", " ", "-"]
    for _ in range(3000):
        text = "".join(chance.choice(words) + chance.choice(joints) for _ in range(chance.randint(1, 9)))
        once = normalize_english(text)
        assert normalize_english(once) == once, text


def test_random_unicode_is_normalised_once_and_for_all():
    chance = random.Random(1)
    for _ in range(3000):
        text = "".join(chr(chance.choice([chance.randint(32, 0x24F), chance.randint(0, 0x10FFFF)])) for _ in range(8))
        once = normalize_english(text)
        assert normalize_english(once) == once, ascii(text)


@pytest.mark.parametrize(
    "unit", ["one ", "one thousand ", "hundred and ", "three point ", "oh ", "[(<", "1,234", "1.", "   ", "'s ", "$ 5 "]
)
def test_time_grows_with_the_length_and_not_with_its_square(unit):
    def seconds(length):
        text = unit * (length // len(unit))
        times = []
        for _ in range(3):
            start = time.process_time()
            normalize_english(text)
            times.append(time.process_time() - start)
        return min(times)

    # Sixteen times the length would take 256 times as long if it were quadratic.
    assert seconds(64_000) < 80 * seconds(4_000) + 0.01


def test_error_rates_are_those_of_the_normalizer_of_whisper(speech_manifest):
    module = pytest.importorskip(
        "transformers.models.whisper.english_normalizer", reason="the normaliser of transformers is the oracle"
    )
    theirs = module.EnglishTextNormalizer({})
    chance = random.Random(2)
    for corpus in ("librispeech", "ljspeech", "recordings", "longform"):
        references = [item["text"] for item in speech_manifest(corpus)]
        words = " ".join(references).split()
        hypotheses = [_misheard(text, words, chance) for text in references]
        ours_rate = word_error_rate(references, hypotheses, normalize=normalize_english).rate
        their_rate = word_error_rate(references, hypotheses, normalize=theirs).rate
        # 0.1 points of per cent: what recognisers that are published side by side differ in.
        assert ours_rate == pytest.approx(their_rate, abs=0.001), corpus


def _misheard(text, words, chance):
    heard = []
    for word in text.split():
        event = chance.random()
        if event < 0.02:
            continue
        heard.append(chance.choice(words) if event < 0.05 else word.upper() if event < 0.3 else word)
        if event > 0.98:
            heard.append(chance.choice(words))
    spoken = " ".join(heard)
    for written, other in [("it is", "it's"), ("did not", "didn't"), ("fifteenth", "15th"), ("mister", "Mr.")]:
        spoken = spoken.replace(written, other)
    return spoken
