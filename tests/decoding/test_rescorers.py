import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.decoding import BaseRescorerInterface, RescorerBuilder, RNNLMRescorer, TransformerLMRescorer
from sonovox.models import RNNLM
from sonovox.models.transformer_lm import TransformerLM

TEXTS = [["ab", "a", "abcd"], ["", "dcba", "bb"]]


class Letters:
    def encode_as_ids(self, text):
        return ["ABCD".index(letter) + 3 for letter in text]


def recurrent():
    torch.manual_seed(0)
    return RNNLM(7, 4, rnn_neurons=5, dnn_neurons=6, return_hidden=True)


def transformer():
    torch.manual_seed(0)
    return TransformerLM(7, d_model=8, nhead=2, num_encoder_layers=1, num_decoder_layers=0, d_ffn=12)


def token_by_token(lm, text, temperature, *, banned=()):
    """The sum of the log-probabilities, each of a model that has seen the tokens before and nothing else."""
    tokens = [1, *Letters().encode_as_ids(text.upper()), 2]
    total = 0.0
    for i in range(1, len(tokens)):
        logits = lm(torch.tensor([tokens[:i]]))
        logits = (logits[0] if isinstance(logits, tuple) else logits)[0, -1] / temperature
        logits[list(banned)] = -torch.inf
        total += float(logits.log_softmax(-1)[tokens[i]].detach())
    return total


@pytest.mark.parametrize(
    ("kind", "make", "banned"), [(RNNLMRescorer, recurrent, ()), (TransformerLMRescorer, transformer, (0,))]
)
@pytest.mark.parametrize("temperature", [1.0, 1.3])
def test_scores_are_log_probabilities_token_by_token(kind, make, banned, temperature):
    lm = make().eval()
    found = kind(lm, Letters(), temperature=temperature, bos_index=1, eos_index=2).rescore_hyps(TEXTS)
    expected = [token_by_token(lm, text, temperature, banned=banned) for item in TEXTS for text in item]
    torch.testing.assert_close(found, torch.tensor(expected), atol=1e-5, rtol=0)


def test_padding_that_also_ends_texts_may_come():
    scores = TransformerLMRescorer(transformer(), Letters(), bos_index=1).rescore_hyps([["ab"]])
    assert torch.isfinite(scores).all()


def test_the_best_of_an_item_comes_first_and_nothing_given_is_changed():
    lm = RNNLMRescorer(recurrent(), Letters(), bos_index=1, eos_index=2)
    scores = [[-1.0, -2.0, -3.0], [-0.5, -0.1, -4.0]]
    texts, found = RescorerBuilder({"rnnlm": 0.7}, [lm]).rescore(TEXTS, scores)
    plain = dict(zip([t for item in TEXTS for t in item], lm.rescore_hyps(TEXTS).tolist(), strict=True))
    for item, ranked, new, old in zip(TEXTS, texts, found, scores, strict=True):
        assert sorted(ranked) == sorted(item)
        assert new == sorted(new, reverse=True)
        for text, score in zip(ranked, new, strict=True):
            assert score == pytest.approx(old[item.index(text)] + 0.7 * plain[text], abs=1e-5)
    assert scores == [[-1.0, -2.0, -3.0], [-0.5, -0.1, -4.0]]


def test_without_rescorers_the_scores_of_the_search_rank():
    assert RescorerBuilder().rescore([["a", "b"]], [[-2.0, -1.0]]) == ([["b", "a"]], [[-1.0, -2.0]])


def test_names_and_numbers_that_do_not_fit_are_told():
    lm = RNNLMRescorer(recurrent(), Letters())
    with pytest.raises(ArgumentError, match=r"weights and rescorers must have the same names.*did you mean rnnlm"):
        RescorerBuilder({"rnlm": 1.0}, [lm])
    with pytest.raises(ArgumentError, match="the same names"):
        RescorerBuilder({}, [lm])
    with pytest.raises(ArgumentError, match="of different kinds"):
        RescorerBuilder({"rnnlm": 1.0}, [lm, lm])
    with pytest.raises(ArgumentError, match="a score for each text"):
        RescorerBuilder({"rnnlm": 1.0}, [lm]).rescore(TEXTS, [[-1.0]])


def test_a_rescorer_of_ones_own_says_how_it_scores():
    with pytest.raises(NotImplementedError):
        BaseRescorerInterface().rescore_hyps(TEXTS)
    assert BaseRescorerInterface().to_device("cpu") is None


def test_models_move_to_the_device_that_was_named():
    lm = recurrent()
    RescorerBuilder({"rnnlm": 1.0}, [RNNLMRescorer(lm, Letters(), device="meta")]).move_rescorers_to_device()
    assert next(lm.parameters()).is_meta


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["RNNLMRescorer", "TransformerLMRescorer"])
def test_the_numbers_are_those_of_speechbrain(kind):
    peer = pytest.importorskip("speechbrain.decoders.scorer", reason="SpeechBrain is the oracle")
    lm = recurrent() if kind == "RNNLMRescorer" else transformer()
    options = {"temperature": 1.2, "bos_index": 1, "eos_index": 2}
    ours = (RNNLMRescorer if kind == "RNNLMRescorer" else TransformerLMRescorer)(lm, Letters(), **options)
    theirs = getattr(peer, kind)(lm, Letters(), device="cpu", **options)
    torch.testing.assert_close(ours.rescore_hyps(TEXTS), theirs.rescore_hyps(TEXTS).detach(), atol=1e-5, rtol=0)
