import io

import pytest

from sonovox.errors import ArgumentError, ChoiceError
from sonovox.metrics import ClassificationStats


@pytest.fixture
def stats():
    stats = ClassificationStats()
    stats.append(["1", "2"], predictions=["yes", "no"], targets=["yes", "yes"])
    stats.append(["3", "4"], predictions=["no", "stop"], targets=["no", "no"])
    return stats


def test_classes_and_confusions_are_counted(stats):
    summary = stats.summarize()
    assert (summary["accuracy"], summary["keys"], summary["predictions"]) == (0.5, ["no", "yes"], ["no", "stop", "yes"])
    assert summary["confusion_matrix"].tolist() == [[1, 1, 0], [1, 0, 1]]
    assert summary["classwise_stats"]["no"] == {"total": 2, "correct": 1, "accuracy": 0.5}
    assert summary["classwise_total"] == {"no": 2, "yes": 2}


def test_a_class_that_is_never_predicted_has_no_hits():
    stats = ClassificationStats()
    stats.append(["1"], ["a"], ["b"])
    assert stats.summarize("classwise_accuracy") == {"b": 0.0}


def test_categories_divide_the_classes():
    stats = ClassificationStats()
    stats.append(["1", "2", "3"], [1, 2, 1], [1, 1, 2], categories=["f", "m", "m"])
    assert stats.summarize("classwise_accuracy") == {("f", 1): 1.0, ("m", 1): 0.0, ("m", 2): 0.0}
    file = io.StringIO()
    stats.write_stats(file)
    assert "Target: m -> 1\n  -> 2: 1 / 1 (100.00%)" in file.getvalue()


def test_the_file_is_laid_out_in_columns(stats, capsys):
    file = io.StringIO()
    stats.write_stats(file, verbose=True)
    assert file.getvalue() in capsys.readouterr().out
    assert file.getvalue() == (
        "Overall Accuracy: 50.00%\n"
        "\n"
        "Class-Wise Accuracy\n"
        "-------------------\n"
        "no : 1 / 2 (50.00%)\n"
        "yes: 1 / 2 (50.00%)\n"
        "\n"
        "Confusion\n"
        "---------\n"
        "Target: no\n"
        "  -> no  : 1 / 2 (50.00%)\n"
        "  -> stop: 1 / 2 (50.00%)\n"
        "Target: yes\n"
        "  -> no  : 1 / 2 (50.00%)\n"
        "  -> yes : 1 / 2 (50.00%)\n"
    )


def test_the_state_goes_on(stats):
    other = ClassificationStats()
    other.load_state_dict(stats.state_dict())
    assert other.summarize("classwise_stats") == stats.summarize("classwise_stats")


def test_what_cannot_be_meant_is_refused(stats):
    with pytest.raises(ArgumentError, match=r"equally many, got \[1, 2, 1\]"):
        stats.append(["1"], ["a", "b"], ["a"])
    with pytest.raises(ArgumentError, match="with all batches or with none"):
        stats.append(["1"], ["a"], ["a"], categories=["x"])
    with pytest.raises(ChoiceError, match="did you mean accuracy"):
        stats.summarize("acuracy")
    stats.clear()
    with pytest.raises(ArgumentError, match="nothing to summarise"):
        stats.summarize()
    stats.append(["1"], ["a"], ["a"], categories=["x"])
    with pytest.raises(ArgumentError, match="with all batches or with none"):
        stats.append(["1"], ["a"], ["a"])
