from sonovox.metrics.alignment_report import alignment_report, error_rate_report


def test_the_error_rate_takes_three_lines():
    summary = {"WER": 12.345, "num_edits": 3, "num_scored_tokens": 24, "insertions": 1, "deletions": 2}
    summary |= {"substitutions": 0, "SER": 50.0, "num_erroneous_sents": 1, "num_scored_sents": 2, "num_absent_sents": 0}
    assert error_rate_report(summary).splitlines() == [
        "%WER 12.35 [ 3 / 24, 1 ins, 2 del, 0 sub ]",
        "%SER 50.00 [ 1 / 2 ]",
        "Scored 2 sentences, 0 not present in hyp.",
    ]


def test_tokens_stand_below_each_other():
    score = {"key": "u1", "WER": 100.0, "num_edits": 2, "num_ref_tokens": 2, "insertions": 1, "deletions": 1}
    score |= {"substitutions": 0, "ref_tokens": ["a", 7], "hyp_tokens": ["long", "a"]}
    score["alignment"] = [("I", None, 0), ("=", 0, 1), ("D", 1, None)]
    assert alignment_report([score]).splitlines()[-5:] == [
        "=" * 80,
        "u1, %WER 100.00 [ 2 / 2, 1 ins, 1 del, 0 sub ]",
        "<eps> ; a ;   7  ",
        "  I   ; = ;   D  ",
        " long ; a ; <eps>",
    ]
