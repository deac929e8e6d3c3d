from dataclasses import fields

from sonovox.hparams.limits import OPEN, STRICT, LimitExceeded


def test_a_file_of_ones_own_may_ask_for_more_in_every_way():
    for field in fields(STRICT):
        strict, opened = getattr(STRICT, field.name), getattr(OPEN, field.name)
        assert opened is None or opened > strict, field.name


def test_no_constructor_can_catch_the_limit():
    assert not issubclass(LimitExceeded, Exception)
