import importlib

import pytest

from sonovox.text.american_spelling import american_spelling

# text/__init__.py offers the function under the name of its module.
spelling = importlib.import_module("sonovox.text.american_spelling")


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("colour", "color"),
        ("favourites", "favorites"),
        ("neighbourhood", "neighborhood"),
        ("honourable", "honorable"),
        ("behaviour", "behavior"),
        ("saviour", "savior"),
        ("organise", "organize"),
        ("realising", "realizing"),
        ("civilisation", "civilization"),
        ("unrecognisable", "unrecognizable"),
        ("analysed", "analyzed"),
        ("paralysing", "paralyzing"),
        ("centre", "center"),
        ("theatres", "theaters"),
        ("centred", "centered"),
        ("kilometre", "kilometer"),
        ("travelled", "traveled"),
        ("modelling", "modeling"),
        ("jeweller", "jeweler"),
        ("jewellery", "jewelry"),
        ("marvellous", "marvelous"),
        ("counsellors", "counselors"),
        ("medallist", "medalist"),
        ("fulfil", "fulfill"),
        ("instalments", "installments"),
        ("skilful", "skillful"),
        ("defence", "defense"),
        ("licences", "licenses"),
        ("practised", "practiced"),
        ("catalogues", "catalogs"),
        ("mould", "mold"),
        ("smouldering", "smoldering"),
        ("grey", "gray"),
        ("ploughman", "plowman"),
        ("draughty", "drafty"),
        ("anaemia", "anemia"),
        ("anaesthetised", "anesthetized"),
        ("encyclopaedia", "encyclopedia"),
        ("leukaemia", "leukemia"),
        ("manoeuvres", "maneuvers"),
        ("mediaeval", "medieval"),
        ("diarrhoea", "diarrhea"),
        ("programme", "program"),
        ("cheques", "checks"),
        ("sulphur", "sulfur"),
        ("cosy", "cozy"),
    ],
)
def test_british_word(british, american):
    assert american_spelling(british) == american


LOOK_ALIKE = """
    four hour our pour tour flour course advise advertise arise comprise enterprise exercise expertise promise raise
    surprise wise noise analyses basis emphasis acre ogre fire here more store called filled rolling tall controlled
    shoestring michael poem does goes canoe obey they cough through dough caught taught ounce once dance police
"""


@pytest.mark.parametrize("word", LOOK_ALIKE.split())
def test_words_that_look_alike_stay(word):
    assert american_spelling(word) == word


def test_no_american_spelling_is_taken_for_a_british_one():
    table = spelling._table()
    assert len(table) > 5000
    assert [british for british, american in table.items() if american_spelling(american) != american] == []
