"""Searches: CTC against pyctcdecode, flashlight-text and SpeechBrain, others against SpeechBrain and a plain loop.

python benchmarks/bench_decoding.py
"""

import itertools

import torch
from measure import Row, report

from sonovox.decoding import (
    CTCBeamSearcher,
    CTCScorer,
    S2SRNNBeamSearcher,
    S2STransformerBeamSearcher,
    ScorerBuilder,
    TransducerBeamSearcher,
)
from sonovox.models.transformer_asr import TransformerASR
from sonovox.nn import LSTM, AttentionalRNNDecoder, Embedding, Linear, Transducer_joint

FRAMES, TOKENS, BEAM = 500, 32, 50
# No space: SpeechBrain drops doubled ones from its texts, which are other texts then than those its search has scored.
VOCABULARY = ["", "_", *"abcdefghijklmnopqrstuvwxyz", *"'.-,"]


def main() -> None:
    torch.manual_seed(0)
    try:
        import speechbrain.decoders as theirs
        from speechbrain.decoders import ctc as their_ctc
        from speechbrain.decoders import scorer as their_scorers
    except (ImportError, OSError):
        print("SpeechBrain is not installed: without peers")
        theirs = their_ctc = their_scorers = None
    rows = []
    for name, frames in (("random", random_posteriors()), ("peaky", peaky_posteriors())):
        ours = CTCBeamSearcher(0, VOCABULARY, beam_size=BEAM)
        peers = {}
        if their_ctc is not None:
            for kind in ("CTCBeamSearcher", "CTCPrefixBeamSearcher"):
                searcher = getattr(their_ctc, kind)(0, VOCABULARY, beam_size=BEAM)
                peers[kind] = lambda searcher=searcher, frames=frames: searcher(frames, torch.ones(len(frames)))
        peers |= other_peers(frames)
        tell_scores(name, ours, frames, peers)
        rows.append(Row(f"CTC beam {BEAM}, T{FRAMES}, {name}", lambda s=ours, x=frames: s(x), peers, gate=">= 6"))
        batch = frames.expand(8, -1, -1)
        rows.append(Row(f"CTC beam {BEAM}, one of a batch of 8, {name}", lambda s=ours, x=batch: s(x)))
    rows += [rnn_row(theirs), transformer_row(theirs, their_scorers), *transducer_rows(theirs is not None)]
    report("Searches", rows, rounds=3)


def other_peers(frames):  # type: ignore[no-untyped-def]
    """pyctcdecode and flashlight-text, where they are installed, with limits as ours."""
    peers = {}
    array = frames[0].contiguous().numpy()
    try:
        import logging

        logging.disable(logging.WARNING)  # pyctcdecode would like a language model
        from pyctcdecode import build_ctcdecoder

        decoder = build_ctcdecoder(VOCABULARY)
        peers["pyctcdecode"] = lambda: decoder.decode_beams(
            array, beam_width=BEAM, beam_prune_logp=-10.0, token_min_logp=-5.0
        )
    except ImportError:
        print("pyctcdecode is not installed")
    try:
        from flashlight.lib.text.decoder import (
            CriterionType,
            LexiconFreeDecoder,
            LexiconFreeDecoderOptions,
            ZeroLM,
        )

        options = LexiconFreeDecoderOptions(
            beam_size=BEAM, beam_size_token=TOKENS, beam_threshold=10.0, lm_weight=0.0, sil_score=0.0, log_add=True,
            criterion_type=CriterionType.CTC,
        )  # fmt: skip
        free = LexiconFreeDecoder(options, ZeroLM(), -1, 0, [])
        peers["flashlight"] = lambda: free.decode(array.ctypes.data, *array.shape)
    except ImportError:
        print("flashlight-text is not installed")
    return peers


def tell_scores(name, ours, frames, peers):  # type: ignore[no-untyped-def]
    """Log-probability of each one's best text over all its alignments: the score that is compared."""
    texts = {"ours": ours(frames)[0][0].tokens}
    for peer, work in peers.items():
        best = work()
        if peer == "flashlight":
            texts[peer] = [token for token, _ in itertools.groupby(best[0].tokens) if token > 0]
        elif peer == "pyctcdecode":
            texts[peer] = [VOCABULARY.index(letter) for letter in best[0][0]]
        else:
            texts[peer] = [VOCABULARY.index(letter) for letter in best[0][0].text]
    for peer, tokens in texts.items():
        sizes = (torch.tensor([FRAMES]), torch.tensor([len(tokens)]))
        loss = torch.nn.functional.ctc_loss(frames.double().transpose(0, 1), torch.tensor([tokens]), *sizes)
        print(f"best text of {name}: {peer:<24} {-float(loss) * max(len(tokens), 1):10.3f}")


def random_posteriors() -> torch.Tensor:
    return (2 * torch.randn(1, FRAMES, TOKENS)).log_softmax(-1)


def peaky_posteriors() -> torch.Tensor:
    """Two thirds blank, as a trained model says it, and doubt between two tokens in a tenth of the frames."""
    scores = torch.randn(1, FRAMES, TOKENS)
    said = torch.where(torch.rand(FRAMES) < 0.3, torch.randint(1, TOKENS, (FRAMES,)), 0)
    scores[0, torch.arange(FRAMES), said] += 8.0
    doubtful = (torch.rand(FRAMES) < 0.1).nonzero().squeeze(1)
    scores[0, doubtful, torch.randint(1, TOKENS, doubtful.shape)] += 7.5
    return scores.log_softmax(-1)


def rnn_row(theirs) -> Row:  # type: ignore[no-untyped-def]
    decoder = AttentionalRNNDecoder(
        "gru", "location", 256, 256, num_layers=1, enc_dim=256, input_size=128, channels=10, kernel_size=100
    ).eval()
    modules = [Embedding(500, embedding_dim=128), decoder, Linear(500, input_size=256)]
    settings = {"bos_index": 0, "eos_index": 0, "min_decode_ratio": 0.0, "max_decode_ratio": 0.3, "beam_size": 16}
    states, lengths = torch.randn(4, 200, 256), torch.tensor([1.0, 0.9, 0.7, 0.5])
    ours = S2SRNNBeamSearcher(*modules, **settings)
    peers = {}
    if theirs is not None:
        from speechbrain.nnet.RNN import AttentionalRNNDecoder as TheirDecoder

        their_decoder = TheirDecoder(
            "gru", "location", 256, 256, num_layers=1, enc_dim=256, input_size=128, channels=10, kernel_size=100
        ).eval()
        their_decoder.load_state_dict(decoder.state_dict())
        searcher = theirs.S2SRNNBeamSearcher(embedding=modules[0], decoder=their_decoder, linear=modules[2], **settings)
        peers["SpeechBrain"] = lambda: searcher(states, lengths)
    return Row("RNN beam 16, 4 items", lambda: ours(states, lengths), peers, gate=">= 2")


def transformer_row(theirs, their_scorers) -> Row:  # type: ignore[no-untyped-def]
    model = TransformerASR(
        200, 80, d_model=128, nhead=4, num_encoder_layers=1, num_decoder_layers=4, d_ffn=512, normalize_before=True
    ).eval()
    linear, ctc = Linear(200, input_size=128), Linear(200, input_size=128)
    settings = {"bos_index": 1, "eos_index": 2, "min_decode_ratio": 0.0, "max_decode_ratio": 0.25, "beam_size": 10}
    states, lengths = torch.randn(2, 120, 128), torch.tensor([1.0, 0.7])
    scorer = ScorerBuilder({"ctc": 0.4}, [CTCScorer(ctc, 0, 2)])
    ours = S2STransformerBeamSearcher([model, linear], scorer=scorer, **settings)
    # The same search over all tokens at each step, which is what there was before caches.
    plain = S2STransformerBeamSearcher([_Whole(model), linear], scorer=scorer, **settings)
    peers = {"without a cache": lambda: plain(states, lengths)}
    if theirs is not None:
        their_scorer = their_scorers.ScorerBuilder(
            full_scorers=[their_scorers.CTCScorer(ctc, 0, 2)], weights={"ctc": 0.4}
        )
        searcher = theirs.S2STransformerBeamSearcher(modules=[model, linear], scorer=their_scorer, **settings)
        peers["SpeechBrain"] = lambda: searcher(states, lengths)
    return Row("Transformer beam 10 with CTC, 2 items", lambda: ours(states, lengths), peers, gate=">= 3")


def transducer_rows(with_peer: bool) -> list[Row]:
    """Greedy for 16 items together, and a beam of 4; blank is what most frames say, as after training."""
    torch.manual_seed(1)
    tokens, size, frames = 500, 320, 150
    parts = {
        "decode_network_lst": torch.nn.ModuleList([Embedding(tokens, embedding_dim=128), LSTM(size, input_size=128)]),
        "tjoint": Transducer_joint(nonlinearity=torch.nn.Tanh),
        "classifier_network": torch.nn.ModuleList([Linear(tokens, input_size=size)]),
    }
    with torch.no_grad():
        parts["classifier_network"][0].w.weight *= 3
        parts["classifier_network"][0].w.bias[0] = 6.0
    states = 1.5 * torch.randn(16, frames, size)
    greedy = TransducerBeamSearcher(**parts, blank_id=0, beam_size=1)
    said = greedy(states)[0]
    print(f"transducer: {sum(map(len, said)) / len(said):.0f} tokens in {frames} frames")
    one_by_one = {"one by one": lambda: [greedy(states[i : i + 1]) for i in range(len(states))]}
    beam, few = TransducerBeamSearcher(**parts, blank_id=0, beam_size=4), states[:4]
    alone = {"one by one": lambda: [beam(few[i : i + 1]) for i in range(len(few))]}
    if with_peer:
        from speechbrain.decoders.transducer import TransducerBeamSearcher as Theirs

        their_greedy = Theirs(**parts, blank_id=0, beam_size=1)
        one_by_one["SpeechBrain"] = lambda: their_greedy(states)
    return [
        Row("Transducer greedy, 16 items", lambda: greedy(states), one_by_one),
        Row("Transducer beam 4, 4 items", lambda: beam(few), alone),
    ]


class _Whole(torch.nn.Module):
    def __init__(self, model: TransformerASR) -> None:
        super().__init__()
        self.decode = model.decode


if __name__ == "__main__":
    main()
