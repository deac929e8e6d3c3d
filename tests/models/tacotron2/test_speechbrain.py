import inspect

import torch

from models.tacotron2.small_tacotron2 import batch, small
from sonovox.models.tacotron2 import SpeechBrainTacotron2

SIZES = {
    "n_mel_channels": 6,
    "n_symbols": 10,
    "symbols_embedding_dim": 8,
    "encoder_embedding_dim": 8,
    "decoder_rnn_dim": 8,
    "attention_rnn_dim": 8,
    "attention_dim": 4,
    "attention_location_n_filters": 2,
    "attention_location_kernel_size": 5,
    "prenet_dim": 8,
    "postnet_embedding_dim": 8,
    "gate_threshold": 0.0,
}


def both(**options):
    """SpeechBrain's and torchaudio's, with the same weights."""
    theirs, ours = SpeechBrainTacotron2(**SIZES, **options).eval(), small(gate_threshold=0.0, mask_padding=True)
    theirs.load_state_dict(ours.state_dict())
    return theirs, ours


@torch.no_grad()
def test_the_spectrogram_before_the_last_convolutions_is_not_masked_and_else_nothing_differs():
    theirs, ours = both()
    tokens, counts, mel, mel_counts = batch()
    found = theirs((tokens, counts, mel, None, mel_counts), 12, dropout=False)
    expected = ours(tokens, counts, mel, mel_counts, dropout=False)
    assert found[0][0, :, 5:].any()
    assert torch.equal(found[0][0, :, :5], expected[0][0, :, :5])
    assert torch.equal(found[1], expected[1])
    assert torch.equal(found[2], expected[2])
    assert torch.equal(found[3], torch.nn.functional.pad(expected[3], (0, 5)))


def test_the_last_frame_is_not_counted():
    theirs, ours = both()
    assert theirs.infer(*batch()[:2])[1].tolist() == [0, 0]
    assert ours.infer(*batch()[:2])[1].tolist() == [1, 1]


def test_arguments_arrive_where_they_belong():
    model, _ = both(
        max_decoder_steps=7, p_attention_dropout=0.2, p_decoder_dropout=0.3, decoder_no_early_stopping=True,
        encoder_n_convolutions=3, postnet_n_convolutions=5, ignore_padding=True,
    )  # fmt: skip
    decoder = model.decoder
    assert (decoder.decoder_max_step, decoder.attention_dropout, decoder.decoder_dropout) == (7, 0.2, 0.3)
    assert decoder.decoder_early_stopping is False
    assert model.ignore_padding


def test_weights_load_inside_of_something_larger():
    theirs, _ = both()
    outer = torch.nn.ModuleDict({"model": theirs})
    old = {name.replace("gate_layer.", "gate_layer.linear_layer."): value for name, value in outer.state_dict().items()}
    assert outer.load_state_dict(old).missing_keys == []


def test_the_first_arguments_are_those_of_speechbrain_in_order():
    names = list(inspect.signature(SpeechBrainTacotron2).parameters)
    assert names[:4] == ["mask_padding", "n_mel_channels", "n_symbols", "symbols_embedding_dim"]
    assert names[-2:] == ["decoder_no_early_stopping", "ignore_padding"]
