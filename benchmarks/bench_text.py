"""Word error rate with counts of operations against jiwer, and the English normaliser against that of transformers.

python benchmarks/bench_text.py
"""

import random

from measure import Row, report

from sonovox.metrics.error_rate import word_error_rate
from sonovox.text.english import normalize_english

N_PAIRS = 2000


def main() -> None:
    import jiwer

    references, hypotheses = pairs(N_PAIRS)
    ours, theirs = word_error_rate(references, hypotheses), jiwer.process_words(references, hypotheses)
    assert (ours.rate, ours.counts.hits) == (theirs.wer, theirs.hits)
    rows = [
        Row(
            f"word error rate with counts, {N_PAIRS} pairs",
            ours=lambda: word_error_rate(references, hypotheses),
            peers={"jiwer": lambda: jiwer.process_words(references, hypotheses)},
            floor=lambda: [text.split() for texts in (references, hypotheses) for text in texts],
            gate=">= 4",
        )
    ]
    try:
        from transformers.models.whisper.english_normalizer import EnglishTextNormalizer
    except ImportError:
        print("transformers is not installed: the normaliser has no peer here")
        peers = {}
    else:
        peer = EnglishTextNormalizer({})
        peers = {"transformers": lambda: [peer(text) for text in hypotheses[:200]]}
    rows.append(
        Row(
            "English normaliser, 200 texts",
            ours=lambda: [normalize_english(text) for text in hypotheses[:200]],
            peers=peers,
        )
    )
    report("Text", rows)


def pairs(n: int) -> tuple[list[str], list[str]]:
    """References of 5 to 35 words, and hypotheses with about 13 % of errors; some are numbers and contractions."""
    chance = random.Random(0)  # noqa: S311
    vocabulary = [f"word{i}" for i in range(3000)] + ["twenty", "one", "hundred", "it's", "don't", "colour", "Mr."] * 30
    references, hypotheses = [], []
    for _ in range(n):
        said = chance.choices(vocabulary, k=chance.randint(5, 35))
        heard = []
        for word in said:
            event = chance.random()
            if event >= 0.05:
                heard.append(chance.choice(vocabulary) if event < 0.1 else word)
            if event > 0.97:
                heard.append(chance.choice(vocabulary))
        references.append(" ".join(said))
        hypotheses.append(" ".join(heard))
    return references, hypotheses


if __name__ == "__main__":
    main()
