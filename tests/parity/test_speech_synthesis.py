"""Speech synthesis against torchaudio and SpeechBrain: other sizes and longer readings than their stored cases."""

import pytest
import torch

from sonovox.models import HifiganGenerator, Tacotron2, WaveRNN
from sonovox.models.tacotron2 import SpeechBrainTacotron2

pytestmark = pytest.mark.peers

SIZES = {"attention_rnn_dim": 14, "decoder_rnn_dim": 10, "prenet_dim": 9, "postnet_embedding_dim": 11}
TORCHAUDIO = {"n_mels": 8, "n_symbol": 30, "symbol_embedding_dim": 12, "decoder_max_step": 15}
SPEECHBRAIN = {"n_mel_channels": 8, "n_symbols": 30, "symbols_embedding_dim": 12, "max_decoder_steps": 15}


def close(found, expected):
    for ours, theirs in zip(found, expected, strict=True):
        # The same operations, now and then with products in another order.
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


def with_same_weights(theirs, ours):
    for parameter in theirs.decoder.parameters():
        torch.nn.init.normal_(parameter)  # so that texts end at various places
    ours.load_state_dict(theirs.state_dict())
    return theirs.eval(), ours.eval()


def seeded(call, *arguments):
    torch.manual_seed(1)
    with torch.no_grad():
        return call(*arguments)


def batch():
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randint(1, 30, (3, 12), generator=generator)
    mel = torch.randn(3, 8, 10, generator=generator)
    return tokens, torch.tensor([12, 9, 4]), mel, torch.tensor([10, 7, 3])


@pytest.mark.parametrize("seed", [0, 2, 3])
def test_tacotron2_is_that_of_speechbrain_in_training_and_out_of_it(seed):
    speechbrain = pytest.importorskip("speechbrain.lobes.models.Tacotron2")
    torch.manual_seed(seed)
    sizes = {**SPEECHBRAIN, **SIZES, "encoder_embedding_dim": 12}
    theirs, ours = with_same_weights(speechbrain.Tacotron2(**sizes), SpeechBrainTacotron2(**sizes))
    tokens, counts, mel, mel_counts = batch()
    close(seeded(ours.infer, tokens, counts), seeded(theirs.infer, tokens, counts))
    for training in (False, True):
        theirs.train(training)
        ours.train(training)
        inputs = (tokens, counts, mel, None, mel_counts)
        close(seeded(ours, inputs, 14), seeded(theirs, inputs, 14))


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.filterwarnings("ignore:.*(max decoder steps|did not end)")
def test_tacotron2_is_that_of_torchaudio(early):
    models = pytest.importorskip("torchaudio").models
    sizes = {**TORCHAUDIO, **SIZES, "encoder_embedding_dim": 12, "decoder_early_stopping": early, "mask_padding": early}
    torch.manual_seed(3)
    theirs, ours = with_same_weights(models.Tacotron2(**sizes), Tacotron2(**sizes))
    inputs = batch()
    close(seeded(ours, *inputs), seeded(theirs, *inputs))
    close(seeded(ours.infer, *inputs[:2]), seeded(theirs.infer, *inputs[:2]))


@pytest.mark.parametrize("kind", ["1", "2"])
@pytest.mark.parametrize("factors", [([4, 2], [8, 4]), ([5, 3], [11, 7])])
def test_hifigan_is_that_of_speechbrain(kind, factors):
    speechbrain = pytest.importorskip("speechbrain.lobes.models.HifiGAN")
    dilations = [[1, 3, 5], [1, 2, 3]] if kind == "1" else [[1, 3], [1, 2]]
    arguments = (8, 1, kind, dilations, [3, 5], factors[1], 16, factors[0])
    theirs, ours = speechbrain.HifiganGenerator(*arguments), HifiganGenerator(*arguments)
    ours.load_state_dict(theirs.state_dict())
    mel = torch.randn(2, 8, 21)
    close([ours(mel), ours.inference(mel)], [theirs(mel), theirs.inference(mel)])


def test_wavernn_is_that_of_torchaudio():
    models = pytest.importorskip("torchaudio").models
    sizes = {"kernel_size": 7, "n_freq": 8, "n_res_block": 1, "n_rnn": 12, "n_fc": 8, "n_hidden": 8, "n_output": 12}
    theirs, ours = (make([2, 3], 16, 6, **sizes).eval() for make in (models.WaveRNN, WaveRNN))
    ours.load_state_dict(theirs.state_dict())
    specgram = torch.randn(2, 8, 9)
    assert torch.equal(seeded(ours.infer, specgram)[0], seeded(theirs.infer, specgram)[0])
