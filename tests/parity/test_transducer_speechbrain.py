"""Search over transducers against SpeechBrain's, on the same weights."""

import pytest

from decoding.small_transducers import encoded, log_probability, networks, spoken, trained_networks
from sonovox.decoding import TransducerBeamSearcher

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def theirs():
    return pytest.importorskip("speechbrain.decoders.transducer").TransducerBeamSearcher


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_greedy_tokens_are_the_same(theirs, kind):
    parts = networks(tokens=8, kind=kind)
    states = encoded(5, 20, seed=1)
    # Theirs lets one token more than it says.
    expected = theirs(**parts, blank_id=0, beam_size=1).transducer_greedy_decode(states, max_symbols_per_step=3)[0]
    ours = TransducerBeamSearcher(**parts, blank_id=0, beam_size=1, max_symbols_per_step=4)(states)[0]
    assert ours == expected
    assert sum(map(len, ours)) > 20


def test_the_best_of_a_beam_is_more_probable_and_often_the_same(theirs):
    # A trained model: with others theirs may never leave a frame.
    parts = trained_networks()
    states, _ = spoken(32, noise=0.5)
    expected = theirs(**parts, blank_id=0, beam_size=4, nbest=1)(states)[0]
    ours = TransducerBeamSearcher(**parts, blank_id=0, beam_size=4)(states)[0]
    assert sum(a == b for a, b in zip(ours, expected, strict=True)) >= 18
    # Theirs divides by the number of tokens on the way, too, which favours long ones.
    gains = [
        log_probability(parts, row, mine) - log_probability(parts, row, other)
        for row, mine, other in zip(states, ours, expected, strict=True)
    ]
    assert sum(gains) > 0
    assert min(gains) > -0.5
