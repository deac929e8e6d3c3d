"""Speech from text: with SpeechBrain's own folders and numbers, and what ours does beyond."""

import json

import numpy as np
import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.inference import HIFIGAN, Tacotron2
from sonovox.models import HifiganGenerator
from sonovox.models.tacotron2 import SpeechBrainTacotron2
from sonovox.text import text_to_sequence


@pytest.fixture(scope="module")
def tts_case(speechbrain_reference):
    return _case(speechbrain_reference / "tts-tacotron2")


@pytest.fixture(scope="module")
def vocoder_case(speechbrain_reference):
    return _case(speechbrain_reference / "vocoder-hifigan")


def _case(folder):
    case = json.loads((folder / "case.json").read_text())
    arrays = {**np.load(folder / "inputs.npz"), **np.load(folder / "outputs.npz")}
    return folder / "model", case, {name: torch.from_numpy(array) for name, array in arrays.items()}


def assert_near(found, expected, case):
    # A hundredth of what the reference allows: ours differs by the order of sums only.
    tolerance = case["tolerances"]["float_rtol_of_max"] / 100 * expected.double().abs().max().item()
    torch.testing.assert_close(found.double(), expected.double(), rtol=0, atol=tolerance)


def reader(**options):
    """A reader whose texts end after 10, 9 and 11 frames without dropout."""
    torch.manual_seed(29)
    model = SpeechBrainTacotron2(
        n_mel_channels=6,
        symbols_embedding_dim=8,
        encoder_embedding_dim=8,
        attention_rnn_dim=8,
        attention_dim=4,
        attention_location_n_filters=2,
        decoder_rnn_dim=8,
        prenet_dim=8,
        postnet_embedding_dim=8,
        max_decoder_steps=12,
    )
    for parameter in model.decoder.parameters():
        torch.nn.init.normal_(parameter)
    return Tacotron2({"model": model}, {"text_to_sequence": text_to_sequence}, **options)


def vocoder(**options):
    torch.manual_seed(0)
    model = HifiganGenerator(4, 1, "1", [[1, 3]], [3], [8], 16, [4], inference_padding=2)
    return HIFIGAN({"generator": model}, {}, **options)


def test_spectrograms_are_those_of_speechbrain(tts_case):
    folder, case, arrays = tts_case
    tacotron2 = Tacotron2.from_hparams(folder)
    assert tacotron2.sample_rate == 22050
    assert [tacotron2.text_to_seq(text) for text in case["texts"]] == [
        (sequence, len(sequence)) for sequence in case["results"]["sequences"]
    ]
    names = ("mel_postnet", "mel_lengths", "alignments")
    torch.manual_seed(1234)
    for kind, results in (
        ("infer_seed1234", tacotron2(case["texts"])),
        ("infer_nodrop", tacotron2.encode_batch(case["texts"], dropout=False)),
    ):
        for name, found in zip(names, results, strict=True):
            assert_near(found, arrays[f"{kind}_{name}"], case)


@torch.no_grad()
def test_what_happens_on_the_way_is_that_of_speechbrain(tts_case):
    folder, case, arrays = tts_case
    model = Tacotron2.from_hparams(folder).mods["model"]
    tokens, counts, mel = arrays["token_ids"], arrays["token_lens"], arrays["mel"]
    assert_near(model.encoder(model.embedding(tokens).transpose(1, 2), counts), arrays["encoder_out"], case)
    assert_near(model.postnet(mel), arrays["postnet_out"], case)
    batch = (tokens, counts, mel, None, torch.tensor([12, 8]))
    names = ("mel", "mel_postnet", "gate", "alignments")
    for name, found in zip(names, model(batch, tokens.shape[1], dropout=False), strict=True):
        assert_near(found, arrays[f"forward_nodrop_{name}"], case)


def test_waveforms_are_those_of_speechbrain(vocoder_case):
    folder, case, arrays = vocoder_case
    hifigan, mel = HIFIGAN.from_hparams(folder), arrays["mel"]
    assert_near(hifigan(mel), arrays["waveforms"], case)
    assert_near(hifigan.decode_spectrogram(mel[0]), arrays["waveform_single"], case)
    masked = hifigan.decode_batch(mel, mel_lens=torch.tensor([30, 22]), hop_len=64)
    assert_near(masked, arrays["waveforms_masked"], case)


def test_texts_of_a_batch_are_read_as_if_alone_where_padding_is_ignored():
    tacotron2, texts = reader(ignore_padding=True), ["one two", "a rather long sentence", "no"]
    together = tacotron2.encode_batch(texts, dropout=False)
    assert together[1].tolist() == [9, 8, 10]  # without the last ones
    for item, text in enumerate(texts):
        mel, counts, alignments = tacotron2.encode_text(text, dropout=False)
        assert counts == together[1][item]
        torch.testing.assert_close(together[0][item : item + 1, :, : mel.shape[2]], mel)
        found = together[2][item : item + 1, : alignments.shape[1], : alignments.shape[2]]
        torch.testing.assert_close(found, alignments)


@pytest.mark.filterwarnings("ignore:.*did not end:sonovox.errors.SonovoxWarning")
def test_a_generator_decides_how_a_text_is_read():
    tacotron2 = reader()
    readings = [tacotron2.encode_text("hello", generator=torch.Generator().manual_seed(seed))[0] for seed in (1, 1, 2)]
    assert torch.equal(readings[0], readings[1])
    assert readings[0].shape != readings[2].shape or not torch.equal(readings[0], readings[2])


def test_a_text_that_does_not_end_is_told():
    tacotron2 = reader()
    torch.nn.init.constant_(tacotron2.mods["model"].decoder.gate_layer.bias, -1e6)
    with pytest.warns(UserWarning, match="2 of 2 texts did not end by decoder_max_step = 12"):
        mel, counts, _ = tacotron2.encode_batch(["one", "two"])
    assert mel.shape[2] == 12
    assert counts.tolist() == [12, 12]


def test_what_cannot_be_read_is_refused():
    tacotron2 = reader()
    with pytest.raises(ArgumentError, match=r"'1999' has nothing .* write numbers as words"):
        tacotron2.encode_batch(["fine", "1999"])
    with pytest.raises(ArgumentError, match="must be a list, got the text 'hello'"):
        tacotron2.encode_batch("hello")
    with pytest.raises(ArgumentError, match="got none"):
        tacotron2.encode_batch([])


def test_spectrograms_of_a_batch_sound_as_if_alone_where_padding_is_ignored():
    hifigan, mel, counts = vocoder(ignore_padding=True), torch.randn(2, 4, 20), torch.tensor([20, 11])
    together = hifigan.decode_batch(mel, counts, 4)
    alone = hifigan.decode_spectrogram(mel[1, :, :11])
    torch.testing.assert_close(together[1, :, : alone.shape[1]], alone)
    assert not together[1, :, alone.shape[1] :].any()
    torch.testing.assert_close(together[0], hifigan.decode_spectrogram(mel[0]))


def test_noise_behind_the_end_becomes_silence_and_the_waveform_given_stays():
    waveform = torch.ones(2, 1, 12)
    masked = vocoder().mask_noise(waveform, torch.tensor([3, 1]), 4)
    assert masked[:, 0].sum(1).tolist() == [12, 4]
    assert waveform.sum() == 24


def test_weights_of_a_frozen_vocoder_are_folded_and_of_another_one_are_not():
    assert not any("original" in name for name in vocoder().state_dict())
    assert not any(parameter.requires_grad for parameter in vocoder().parameters())
    assert any("original" in name for name in vocoder(freeze_params=False).state_dict())


def test_lengths_need_a_hop():
    with pytest.raises(ArgumentError, match="mel_lens needs hop_len"):
        vocoder().decode_batch(torch.zeros(1, 4, 5), torch.tensor([5]))
