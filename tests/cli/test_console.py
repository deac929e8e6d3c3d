import pytest

from sonovox._internal.errors import ArgumentError, SonovoxError
from sonovox.cli.console import as_sonovox_error, human_time, note, print_error, table


def test_remarks_and_errors_stay_out_of_stdout(capsys):
    note("a remark")
    print_error(SonovoxError("rate must be positive, got -1", hint="give it in Hz"))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "a remark\nerror: rate must be positive, got -1\nhint:  give it in Hz\n"


def test_an_error_is_one_line_whatever_is_in_it(capsys):
    print_error(SonovoxError("the decoder says:\n  line 1\n  line 2"))
    assert capsys.readouterr().err == "error: the decoder says: line 1 line 2\n"


def test_debug_shows_where_it_was_raised_and_why(capsys):
    try:
        try:
            raise KeyError("inner")
        except KeyError as cause:
            raise SonovoxError("outer") from cause
    except SonovoxError as error:
        print_error(error, debug=True)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert "KeyError: 'inner'" in lines
    assert lines[-1] == "error: outer"


def test_errors_of_others_are_told_as_unexpected():
    found = as_sonovox_error(ZeroDivisionError("division by zero"), place="talk.wav")
    assert str(found).startswith("talk.wav: unexpected ZeroDivisionError: division by zero; --debug shows where")
    assert isinstance(found.__cause__, ZeroDivisionError)
    ours = ArgumentError("known")
    assert as_sonovox_error(ours, place="talk.wav") is ours


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00.0"), (59.94, "0:59.9"), (59.96, "1:00.0"), (3599.96, "1:00:00.0"), (36000.5, "10:00:00.5")],
)
def test_times_carry_over_when_rounded(seconds, text):
    assert human_time(seconds) == text


def test_columns_are_as_wide_as_their_widest_cell_without_trailing_spaces():
    assert table([["a", "bb", "c"], ["dddd", "e", ""]]) == "a     bb  c\ndddd  e"
