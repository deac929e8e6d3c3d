import json
from collections import Counter

from sonovox.finetuning.corpus import LeftOut
from sonovox.finetuning.report import report_lines, write_left_out
from sonovox.finetuning.survey import Survey

PARTS = {
    "train": {"a": {"text": "one two", "duration": 3600.0}, "b": {"text": "one 7", "duration": 7200.0}},
    "dev": {"c": {"text": "one two", "duration": 90.0}},
}


def lines(**more):
    return report_lines("the folder data", Survey(**more), PARTS, "drawn by seed 0", 16000)


def test_pairs_and_hours_are_told():
    told = lines()
    assert told[1] == "pairs       3, 3.0 h of sound"
    assert told[2] == "split       2 to learn from (3.0 h), 1 dev (90 s), drawn by seed 0"


def test_what_is_left_out_is_named_and_counted_in_full():
    left = [LeftOut(f"u{n}", "sound without text") for n in range(8)] + [LeftOut("x", "unreadable sound", "cut")]
    told = "\n".join(lines(left_out=left))
    assert "left out    8 × sound without text: u0, u1, u2, u3, u4, …" in told
    assert "1 unreadable sound: x (cut)" in told
    assert "left_out.jsonl names them all" in told


def test_only_other_rates_are_resampled():
    told = "\n".join(lines(rates=Counter({16000: 2, 8000: 1})))
    assert "resampled   to 16000 Hz as they are read: 1 of 8000 Hz" in told
    assert "resampled" not in "\n".join(lines(rates=Counter({16000: 3})))


def test_characters_are_shown_with_the_odd_ones():
    told = "\n".join(lines(dropped=Counter({",": 3, "\u200b": 1}), several_channels=2))
    assert "not learnt  , (3) U+200B (1)" in told
    assert "channels    averaged where there are several: 2" in told
    assert "characters  6: 7 e n o t w" in told
    assert "odd         't' twice: too rare to be learnt (a, c)" in told
    assert "'7' once: a digit" in told


def test_many_characters_and_many_odd_ones_are_cut_short():
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 150)))
    parts = {"train": {"a": {"text": text, "duration": 1.0}}, "dev": PARTS["dev"]}
    told = report_lines("x", Survey(), parts, "", 16000)
    assert any(line.endswith(" …") and "155: " in line for line in told)
    assert any("more" in line for line in told)


def test_what_is_left_out_is_written(tmp_path):
    write_left_out(tmp_path / "left_out.jsonl", [LeftOut("a", "silence", "no samples")])
    assert json.loads((tmp_path / "left_out.jsonl").read_text()) == {
        "name": "a", "reason": "silence", "detail": "no samples",
    }  # fmt: skip
