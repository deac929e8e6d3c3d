import pytest
import torch

from sonovox._internal.errors import DataError
from sonovox.inference.trials import Trial, read_trials, score_trials, write_scores


@pytest.fixture
def trials(tmp_path):
    def write(text):
        path = tmp_path / "trials.txt"
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 a.wav b.wav\n0 a.wav c.wav\n", [("a.wav", "b.wav", True), ("a.wav", "c.wav", False)]),
        ("a b target\na c nontarget\n", [("a", "b", True), ("a", "c", False)]),
        ("a b 1\n\na c different", [("a", "b", True), ("a", "c", False)]),
        ("a b\na c\n", [("a", "b", None), ("a", "c", None)]),
        ("my voice.wav\tyour voice.wav\tsame\n", [("my voice.wav", "your voice.wav", True)]),
        ("1 1 0\n", [("1", "0", True)]),
    ],
)
def test_both_forms_of_lists_are_read(text, expected, trials):
    assert [(trial.first, trial.second, trial.same) for trial in read_trials(trials(text))] == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("1 a b\na b maybe\n", "trials.txt, line 2: .* got 'a b maybe'"),
        ("a", "line 1"),
        ("a b c d", "line 1"),
        ("\n \n", "holds no trials"),
        ("1 a b\na b\n", "has 1 lines without an answer"),
    ],
)
def test_what_is_no_trial_is_told_with_its_line(text, complaint, trials):
    with pytest.raises(DataError, match=complaint):
        read_trials(trials(text))


def test_bytes_that_are_no_text_are_told(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF\xff\xfe")
    with pytest.raises(DataError, match="is no text in UTF-8"):
        read_trials(tmp_path / "a.wav")


def test_scores_are_cosines_and_are_written_as_lines():
    voices = {"a": torch.tensor([1.0, 0.0]), "b": torch.tensor([[3.0, 4.0]])}
    scored = score_trials([Trial("a", "b", False), Trial("a", "a")], voices)
    assert [score for _, score in scored] == pytest.approx([0.6, 1.0])
    assert write_scores(scored) == "a\tb\t0.600000\tnontarget\na\ta\t1.000000\n"


def test_voices_of_different_models_are_told():
    with pytest.raises(DataError, match="a has 2 features, b has 3; were they made by the same model"):
        score_trials([Trial("a", "b")], {"a": torch.ones(2), "b": torch.ones(3)})
