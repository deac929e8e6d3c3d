import pytest
import torch
from torch.autograd import gradcheck

from models.model_properties import check_compiles
from models.tacotron2.small_tacotron2 import batch, small
from models.torchaudio_cases import check_results, read_case
from sonovox._internal.errors import ArgumentError, SonovoxWarning
from sonovox.models import Tacotron2

TAUGHT = ["mel_specgram", "mel_specgram_postnet", "gate_outputs", "alignments"]
INFERRED = ["mel_specgram", "mel_specgram_lengths", "alignments"]


@pytest.fixture(scope="module")
def reference(torchaudio_reference):
    return read_case(torchaudio_reference / "models" / "tacotron2", Tacotron2)


@pytest.mark.parametrize("call", ["forward_no_dropout", "forward_seed7"])
@torch.no_grad()
def test_spectrograms_after_the_true_frames_are_those_of_torchaudio(reference, call):
    torch.manual_seed(7)  # the dropout is torchaudio's, too
    results = reference.model(**reference.inputs[call], dropout=call == "forward_seed7")
    check_results(results, reference.float32[call], TAUGHT)


@pytest.mark.parametrize("call", ["infer_no_dropout", "infer_batch_no_dropout", "infer_seed7"])
def test_spectrograms_after_own_frames_are_those_of_torchaudio(reference, call):
    torch.manual_seed(7)
    results = reference.model.infer(**reference.inputs[call], dropout=call == "infer_seed7")
    check_results(results, reference.float32[call], INFERRED)


@torch.no_grad()
def test_own_frames_given_as_true_frames_give_themselves():
    model = small(decoder_max_step=6, gate_threshold=1.0)
    tokens, counts, _, _ = batch()
    with pytest.warns(SonovoxWarning, match="did not end by decoder_max_step = 6"):
        refined, frames, weights = model.infer(tokens, counts, dropout=False)
    assert frames.tolist() == [6, 6]
    made = refined.new_zeros(2, 6, 6)  # found one by one, since infer gives them refined
    for step in range(6):
        taught = model(tokens, counts, made, torch.tensor([6, 6]), dropout=False)
        made[:, :, step] = taught[0][:, :, step]
    torch.testing.assert_close(taught[1], refined)
    torch.testing.assert_close(taught[3], weights)


@torch.no_grad()
def test_items_end_with_the_first_frame_whose_gate_is_over_the_threshold():
    model = small(decoder_max_step=5, gate_threshold=0.0)
    assert model.infer(*batch()[:2])[1].tolist() == [1, 1]
    model.decoder.decoder_early_stopping = False
    mel, counts, _ = model.infer(*batch()[:2])
    assert mel.shape == (2, 6, 5)
    assert counts.tolist() == [1, 1]


@torch.no_grad()
def test_items_are_what_they_are_alone_where_padding_is_ignored():
    model = small(ignore_padding=True, mask_padding=True)
    tokens, token_counts, mel, mel_counts = batch()
    together = model(tokens, token_counts, mel, mel_counts, dropout=False)
    for item, (symbols, frames) in enumerate(zip(token_counts.tolist(), mel_counts.tolist(), strict=True)):
        own = slice(item, item + 1)
        alone = model(tokens[own, :symbols], token_counts[own], mel[own, :, :frames], mel_counts[own], dropout=False)
        for found, expected in zip(together[:2], alone[:2], strict=True):
            torch.testing.assert_close(found[own, :, :frames], expected)
        torch.testing.assert_close(together[2][own, :frames], alone[2])
        torch.testing.assert_close(together[3][own, :frames, :symbols], alone[3])


@torch.no_grad()
def test_shorter_items_hear_the_padding_where_it_is_not_ignored():
    mel_counts = batch()[3]
    aware, unaware = (small(ignore_padding=flag)(*batch(), dropout=False)[1] for flag in (True, False))
    torch.testing.assert_close(aware[1], unaware[1])  # the longer one has none
    assert (aware - unaware)[0, :, : mel_counts[0]].abs().max() > 1e-4


@torch.no_grad()
def test_padding_is_masked_on_request():
    mel, refined, gates, _ = small(mask_padding=True)(*batch())
    assert not mel[0, :, 5:].any()
    assert not refined[0, :, 5:].any()
    assert (gates[0, 5:] == 1000).all()
    assert small()(*batch())[0][0, :, 5:].any()


@torch.no_grad()
def test_attention_lies_within_the_text_and_sums_to_one():
    weights = small()(*batch())[3]
    torch.testing.assert_close(weights.sum(2), torch.ones(2, 9))
    assert not weights[0, :, 4:].any()


@torch.no_grad()
def test_lengths_that_are_not_given_are_full():
    model = small(decoder_max_step=3, gate_threshold=0.0)
    tokens = batch()[0]
    full = model.infer(tokens, torch.tensor([7, 7]), dropout=False)
    for found, expected in zip(model.infer(tokens, dropout=False), full, strict=True):
        assert torch.equal(found, expected)


def test_what_cannot_be_is_refused():
    with pytest.raises(ArgumentError, match="n_frames_per_step must be 1, got 2"):
        Tacotron2(n_frames_per_step=2)
    with pytest.raises(ArgumentError, match="must be encoder_embedding_dim = 512, got 256"):
        Tacotron2(symbol_embedding_dim=256)


def test_gradients_are_those_of_finite_differences():
    model = small().double()
    tokens, counts, mel, mel_counts = batch()
    tokens, mel = tokens[:, :3], mel[:, :, :3].double().requires_grad_()

    def run(mel, *_):
        return model(tokens, counts.clamp(max=3), mel, mel_counts.clamp(max=3), dropout=False)

    assert gradcheck(run, (mel, *model.parameters()), fast_mode=True)


def test_compiles_in_one_graph():
    class Steady(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = small()

        def forward(self, *inputs):
            return self.model(*inputs, dropout=False)

    check_compiles(Steady(), *batch())
