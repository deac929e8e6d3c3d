"""EER and least detection cost on 100,000 trials, and error rates of 2000 transcripts, against plain code and peers.

python benchmarks/bench_metrics.py
"""

import torch
from bench_text import N_PAIRS, pairs
from measure import Row, Work, report

from sonovox.metrics import EER, ErrorRateStats, minDCF, word_error_rate

N_TRIALS = 100_000


def main() -> None:
    report("Detection", detection_rows())
    report("Error rates with counts", error_rate_rows())


def detection_rows() -> list[Row]:
    torch.manual_seed(0)
    positive, negative = torch.randn(N_TRIALS // 10) + 2, torch.randn(N_TRIALS - N_TRIALS // 10)
    small = positive[:200], negative[:1800]
    assert abs(EER(*small)[0] - plain_eer(*small)[0]) < 1e-6
    rows = [
        Row(
            f"EER, {N_TRIALS} trials",
            ours=lambda: EER(positive, negative),
            # A loop over thresholds is quadratic: SpeechBrain's takes minutes here.
            peers=sklearn_curve(positive, negative),
            floor=lambda: torch.cat([positive, negative]).sort(),
        ),
        Row(
            f"least cost, {N_TRIALS} trials",
            ours=lambda: minDCF(positive, negative),
            peers=sklearn_curve(positive, negative),
            floor=lambda: torch.cat([positive, negative]).sort(),
        ),
        Row("EER, 2000 trials", ours=lambda: EER(*small), peers={"plain loop": lambda: plain_eer(*small)}),
    ]
    try:
        from speechbrain.utils import metric_stats
    except ImportError:
        print("speechbrain is not installed: the detection metrics have no peer here")
    else:
        assert abs(EER(*small)[0] - metric_stats.EER(*small)[0]) < 1e-6
        rows[2].peers = {**rows[2].peers, "speechbrain": lambda: metric_stats.EER(*small)}
        rows.append(
            Row(
                "least cost, 2000 trials",
                ours=lambda: minDCF(*small),
                peers={"speechbrain": lambda: metric_stats.minDCF(*small)},
            )
        )
    return rows


def error_rate_rows() -> list[Row]:
    references, hypotheses = pairs(N_PAIRS)
    said, heard = [text.split() for text in references], [text.split() for text in hypotheses]
    ids = list(map(str, range(N_PAIRS)))
    text_peers: dict[str, Work] = {}
    stats_peers: dict[str, Work] = {}
    try:
        import jiwer
    except ImportError:
        print("jiwer is not installed")
    else:
        text_peers["jiwer"] = stats_peers["jiwer"] = lambda: jiwer.process_words(references, hypotheses)
        assert word_error_rate(references, hypotheses).rate == jiwer.process_words(references, hypotheses).wer
    try:
        from speechbrain.utils import metric_stats
    except ImportError:
        print("speechbrain is not installed")
    else:

        def theirs() -> dict[str, float]:
            stats = metric_stats.ErrorRateStats()
            stats.append(ids, heard, said)
            return stats.summarize()

        text_peers["speechbrain"] = stats_peers["speechbrain"] = theirs
        names = ["num_edits", "insertions", "deletions", "substitutions"]
        assert all(our_stats(ids, heard, said)[name] == theirs()[name] for name in names)
    return [
        Row(
            f"word_error_rate, {N_PAIRS} pairs",
            ours=lambda: word_error_rate(references, hypotheses),
            peers=text_peers,
            floor=lambda: [text.split() for texts in (references, hypotheses) for text in texts],
            gate=">= 4 jiwer, 20 speechbrain",
        ),
        Row(
            f"ErrorRateStats with Kaldi's choice, {N_PAIRS} pairs",
            ours=lambda: our_stats(ids, heard, said),
            peers=stats_peers,
        ),
    ]


def our_stats(ids: list[str], heard: list[list[str]], said: list[list[str]]) -> dict[str, float]:
    stats = ErrorRateStats()
    stats.append(ids, heard, said)
    return stats.summarize()


def plain_eer(positive: torch.Tensor, negative: torch.Tensor) -> tuple[float, float]:
    """One pass over all scores for each threshold."""
    best = (2.0, 0.0, 0.0)
    for threshold in torch.cat([positive, negative]).sort()[0]:
        misses = (positive <= threshold).double().mean().item()
        false_alarms = (negative > threshold).double().mean().item()
        best = min(best, (abs(misses - false_alarms), (misses + false_alarms) / 2, threshold.item()))
    return best[1], best[2]


def sklearn_curve(positive: torch.Tensor, negative: torch.Tensor) -> dict[str, Work]:
    try:
        from sklearn.metrics import det_curve
    except ImportError:
        print("scikit-learn is not installed")
        return {}
    labels = torch.cat([torch.ones(len(positive)), torch.zeros(len(negative))]).numpy()
    scores = torch.cat([positive, negative]).numpy()
    return {"sklearn curve": lambda: det_curve(labels, scores)}


if __name__ == "__main__":
    main()
