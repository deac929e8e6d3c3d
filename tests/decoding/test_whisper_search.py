import itertools
import math

import pytest
import torch

from sonovox.decoding.whisper_search import Search, beam_search, sample

START, END, MAX_NEW = 4, 5, 5


def search_of(decoder, items=(0, 1, 2), group=1, given=(), rules=(), max_new=MAX_NEW):
    return Search(
        decoder=decoder,
        audio=torch.tensor(items, dtype=torch.float32).view(-1, 1, 1),
        prompt=torch.full((len(items), 1), START),
        given=given,
        start_at=0,
        group=group,
        rules=rules,
        end=END,
        max_new=max_new,
        no_speech=3,
    )


def score(decoder, item: int, tokens: list[int], ended: bool) -> float:
    path = [START, *tokens, *([END] if ended else [])]
    return sum(decoder.tables[item, a, b].item() for a, b in itertools.pairwise(path))


def every_hypothesis(decoder, item: int) -> list[tuple[float, list[int]]]:
    """The truth by brute force: all texts that end within the limit, likeliest first."""
    found = []
    for length in range(MAX_NEW):
        for tokens in itertools.product(range(5), repeat=length):
            found.append((score(decoder, item, list(tokens), ended=True), list(tokens)))
    return sorted(found, reverse=True)


def test_greedy_takes_the_likeliest_token_at_each_step(table_decoder):
    for item, (hypothesis,) in enumerate(sample(search_of(table_decoder), 0.0)):
        tokens, last = [], START
        while len(tokens) < MAX_NEW and (last := int(table_decoder.tables[item, last].argmax())) != END:
            tokens.append(last)
        assert hypothesis.tokens == tokens
        expected = score(table_decoder, item, tokens, ended=len(tokens) < MAX_NEW)
        assert hypothesis.log_probability == pytest.approx(expected, abs=1e-5)


def test_items_that_end_leave_the_batch(table_decoder):
    table_decoder.tables[1, START] = torch.tensor([-9.0, -9, -9, -9, -9, 0])  # item 1 ends at once
    table_decoder.tables[[0, 2], :, END] = -99.0  # the others never do
    lengths = [len(found[0].tokens) for found in sample(search_of(table_decoder), 0.0)]
    assert lengths == [MAX_NEW, 0, MAX_NEW]
    assert table_decoder.calls == [3, 2, 2, 2, 2]


def test_a_batch_is_its_items_alone(table_decoder):
    for search in (lambda items: sample(search_of(table_decoder, items), 0.0),
                   lambda items: beam_search(search_of(table_decoder, items, group=3))):  # fmt: skip
        together = search((0, 1, 2))
        alone = [search((item,))[0] for item in range(3)]
        assert [[h.tokens for h in found] for found in together] == [[h.tokens for h in found] for found in alone]


def test_beam_as_wide_as_the_space_finds_the_truth(table_decoder):
    found = beam_search(search_of(table_decoder, group=5**4), patience=1.0)
    for item in range(3):
        truth = every_hypothesis(table_decoder, item)
        ended = [h for h in found[item] if len(h.tokens) < MAX_NEW][:20]
        assert [h.tokens for h in ended] == [tokens for _, tokens in truth[: len(ended)]]
        assert ended[0].log_probability == pytest.approx(truth[0][0], abs=1e-5)


def test_beam_is_never_worse_than_greedy_here(table_decoder):
    greedy = sample(search_of(table_decoder), 0.0)
    beam = beam_search(search_of(table_decoder, group=4))
    for one, many in zip(greedy, beam, strict=True):
        assert many[0].log_probability >= one[0].log_probability - 1e-6


def test_beam_gives_as_many_as_patience_asks(table_decoder):
    table_decoder.tables[:, :, END] += 2.0  # so that enough hypotheses end
    assert {len(found) for found in beam_search(search_of(table_decoder, group=3, max_new=60), patience=2.0)} == {6}
    assert {len(found) for found in beam_search(search_of(table_decoder, group=3), patience=1.0)} == {3}


def test_sampling_follows_the_probabilities_and_its_seed(table_decoder):
    def first_tokens(seed):
        generator = torch.Generator().manual_seed(seed)
        found = sample(search_of(table_decoder, (0,), group=4000), 1.0, generator)[0]
        return [h.tokens[0] if h.tokens else END for h in found]

    drawn = first_tokens(0)
    assert drawn == first_tokens(0) != first_tokens(1)
    shares = torch.bincount(torch.tensor(drawn), minlength=6) / 4000
    # Four standard deviations of a share near one half: 4 * sqrt(0.25 / 4000).
    torch.testing.assert_close(shares, table_decoder.tables[0, START].exp(), rtol=0, atol=0.032)


def test_given_tokens_begin_the_text_and_the_rules_see_them(table_decoder):
    seen = []
    rules = [lambda logits, said: seen.append(said.shape[1])]
    found = sample(search_of(table_decoder, given=[2, 1], rules=rules), 0.0)
    assert all(hypothesis.tokens[:2] == [2, 1] for (hypothesis,) in found)
    assert seen[0] == 2


def test_banned_tokens_are_not_said(table_decoder):
    def never_two(logits, said):
        logits[:, 2] = -math.inf

    for found in (sample(search_of(table_decoder, rules=[never_two]), 0.0),
                  beam_search(search_of(table_decoder, group=4, rules=[never_two]))):  # fmt: skip
        assert not any(2 in h.tokens for item in found for h in item if h.log_probability > -math.inf)


def test_probability_of_no_speech_is_that_at_the_start_before_any_rule(table_decoder):
    def ban(logits, said):
        logits[:, 3] = -math.inf

    search = search_of(table_decoder, rules=[ban])
    sample(search, 0.0)
    expected = table_decoder.tables[:, START, 3].exp().tolist()
    assert search.no_speech_probabilities == pytest.approx(expected, abs=1e-6)
