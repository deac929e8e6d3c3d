"""Evaluation is one word more than training: see test_train.py for its run."""

import pytest

from sonovox.cli.main import main


def test_its_help_says_what_it_takes(capsys):
    with pytest.raises(SystemExit):
        main(["evaluate", "--help"])
    said = capsys.readouterr().out
    assert "best checkpoint" in said
    assert "--code" in said
