import io
import math

import pytest
import torch

from sonovox.errors import ArgumentError, ChoiceError
from sonovox.metrics import ErrorRateStats


@pytest.fixture
def case(speechbrain_metrics):
    return speechbrain_metrics


def stats_of(case, **kwargs):
    stats = ErrorRateStats(**kwargs)
    stats.append(case["ids"], case["hyps"], case["refs"])
    return stats


@pytest.mark.parametrize(
    ("result", "kwargs"),
    [
        ("error_rate_stats_summary", {}),
        ("cer_summary", {"split_tokens": True}),
    ],
)
def test_the_summary_is_that_of_speechbrain(case, result, kwargs):
    assert stats_of(case, **kwargs).summarize() == pytest.approx(case["results"][result])


def test_merged_characters_count_as_in_speechbrain(case):
    stats = ErrorRateStats(merge_tokens=True)
    characters = [[list("".join(words)) for words in case[name]] for name in ("hyps", "refs")]
    stats.append(case["ids"], *characters)
    assert stats.summarize() == pytest.approx(case["results"]["merge_tokens_summary"])


def test_the_alignments_are_those_of_speechbrain(case):
    for ours, theirs in zip(stats_of(case).scores, case["results"]["wer_details"], strict=True):
        theirs["alignment"] = [tuple(step) for step in theirs["alignment"]]
        assert ours == theirs


def test_the_file_is_that_of_speechbrain(case):
    file = io.StringIO()
    stats_of(case).write_stats(file)
    assert file.getvalue() == case["results"]["write_stats_text"]


def test_tensors_lose_their_padding_and_become_labels():
    stats = ErrorRateStats()
    stats.append(
        ["utterance1", "utterance2"],
        predict=torch.tensor([[0, 1, 1], [1, 1, 0]]),
        target=torch.tensor([[0, 1, 0], [1, 0, 0]]),
        predict_len=torch.tensor([1.0, 2 / 3]),
        target_len=torch.tensor([1.0, 1 / 3]),
        ind2lab=lambda batch: [["ab"[index] for index in row] for row in batch],
    )
    assert stats.references == [["a", "b", "a"], ["b"]]
    assert stats.hypotheses == [["a", "b", "b"], ["b", "b"]]
    assert stats.summarize("error_rate") == 50.0


def test_indices_are_tokens_too():
    stats = ErrorRateStats()
    stats.append(["a"], torch.tensor([[3, 4, 5]]), torch.tensor([[3, 4, 6]]))
    assert stats.summarize("WER") == pytest.approx(100 / 3)


def test_spaces_at_the_ends_are_no_words():
    stats = ErrorRateStats(merge_tokens=True)  # SpeechBrain 1.1.2 counts an insertion for each
    stats.append(["a"], [list("_go_on_")], [list("go_on")])
    assert stats.summarize("num_edits") == 0


def test_an_own_comparator_decides_what_is_the_same():
    stats = ErrorRateStats(equality_comparator=lambda a, b: a.lower() == b.lower())
    stats.append(["a"], [["The", "CAT"]], [["the", "bat"]])
    assert (stats.summarize("WER"), stats.scores[0]["alignment"]) == (50.0, [("=", 0, 0), ("S", 1, 1)])


def test_concepts_are_compared_with_or_without_values():
    said, heard = [["<city>", " ", "Le", " ", "Mans", " ", ">"]], [["<city>", " ", "Le", " ", "Man", " ", ">"]]
    for keep_values, errors in ((True, 1), (False, 0)):
        stats = ErrorRateStats(
            extract_concepts_values=True,
            keep_values=keep_values,
            tag_in="<",
            tag_out=">",
            space_token=" ",  # noqa: S106
        )
        stats.append(["a"], heard, said)
        assert stats.summarize("num_edits") == errors


def test_words_without_any_reference_are_an_infinite_error():
    stats = ErrorRateStats()
    stats.append(["a"], [["noise"]], [[]])
    assert stats.summarize("WER") == math.inf


def test_the_state_goes_on_and_adds_up_over_processes(case):
    whole, parts = stats_of(case), []
    for half in (slice(0, 9), slice(9, None)):
        stats = ErrorRateStats()
        stats.append(case["ids"][half], case["hyps"][half], case["refs"][half])
        parts.append(stats.state_dict())
    gathered = ErrorRateStats()
    gathered.load_state_dict({name: parts[0][name] + parts[1][name] for name in parts[0]})
    assert gathered.summarize() == whole.summarize()
    assert gathered.scores == whole.scores


def test_clearing_forgets():
    stats = ErrorRateStats()
    stats.append(["a"], [["b"]], [["c"]])
    stats.clear()
    with pytest.raises(ArgumentError, match="nothing to summarise"):
        stats.summarize()


def test_what_cannot_be_meant_is_refused():
    stats = ErrorRateStats()
    with pytest.raises(ArgumentError, match="equally many, got 1, 2 and 1"):
        stats.append(["a"], [["b"], ["c"]], [["b"]])
    with pytest.raises(ArgumentError, match=r"\(batch, time\) with one length an item, got shapes \(1, 3\) and \(2,\)"):
        stats.append(["a"], torch.zeros(1, 3), torch.zeros(1, 3), torch.ones(2), torch.ones(2))
    stats.append(["a"], [["b"]], [["b"]])
    with pytest.raises(ChoiceError, match="field must be one of WER"):
        stats.summarize("wer_rate")


def test_a_verbose_report_is_printed_too(capsys):
    stats, file = ErrorRateStats(), io.StringIO()
    stats.append(["a"], [["b"]], [["b"]])
    stats.write_stats(file, verbose=True)
    assert file.getvalue() in capsys.readouterr().out
