import pytest
import torch

from models.model_properties import check_compiles, check_gradient
from models.torchaudio_cases import check_results, read_case
from sonovox._internal.errors import ArgumentError
from sonovox.models import WaveRNN

SMALL = {"n_res_block": 1, "n_rnn": 6, "n_fc": 5, "n_freq": 4, "n_hidden": 4, "n_output": 8}


@pytest.fixture
def model():
    torch.manual_seed(0)
    return WaveRNN([2, 3], 8, 6, **SMALL).eval()


@pytest.fixture
def reference(torchaudio_reference):
    return read_case(torchaudio_reference / "models" / "wavernn", WaveRNN)


@torch.no_grad()
def test_scores_are_those_of_torchaudio(reference):
    check_results((reference.model(**reference.inputs["forward"]),), reference.float64["forward"], ["0"])


def test_drawn_samples_are_those_of_torchaudio(reference):
    specgram, expected = reference.inputs["infer_seed3"]["specgram"], reference.float32["infer_seed3"]
    frames = torch.tensor([specgram.shape[2], specgram.shape[2] - 2])
    torch.manual_seed(3)
    waveform, lengths = reference.model.infer(specgram)
    assert torch.equal(waveform, expected["waveform_seed3"])
    assert lengths is None
    torch.manual_seed(3)
    waveform, lengths = reference.model.infer(specgram, frames)
    assert torch.equal(waveform, expected["with_lengths"])
    assert torch.equal(lengths, expected["lengths"])


@torch.no_grad()
def test_samples_one_by_one_have_the_scores_of_all_at_once(model):
    specgram = torch.randn(2, 4, 5)
    waveform, _ = model.infer(specgram, generator=torch.Generator().manual_seed(1))
    before = torch.nn.functional.pad(waveform, (1, -1))
    scores = model(before, torch.nn.functional.pad(specgram, (2, 2)).unsqueeze(1))[:, 0]
    # Drawn once more with these scores, sample by sample and with the same generator.
    generator = torch.Generator().manual_seed(1)
    again = [torch.multinomial(scores[:, time].softmax(1), 1, generator=generator) for time in range(scores.shape[1])]
    torch.testing.assert_close(2 * torch.stack(again, 2).float() / 7 - 1, waveform)


def test_a_generator_decides_the_samples(model):
    first, second, third = (
        model.infer(torch.ones(1, 4, 6), generator=torch.Generator().manual_seed(seed))[0] for seed in (1, 1, 2)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, third)
    assert first.shape == (1, 1, 36)
    assert first.abs().max() <= 1


def test_items_of_a_batch_are_what_they_are_alone(model):
    waveform, specgram = torch.rand(3, 1, 18), torch.randn(3, 1, 4, 7)
    torch.testing.assert_close(model(waveform, specgram)[1:2], model(waveform[1:2], specgram[1:2]))


def test_what_cannot_be_is_refused(model):
    with pytest.raises(ArgumentError, match=r"hop_length = 7 as their product, got 2 \* 3 = 6"):
        WaveRNN([2, 3], 8, 7)
    with pytest.raises(ArgumentError, match="kernel_size must be odd"):
        WaveRNN([2, 3], 8, 6, kernel_size=4)
    with pytest.raises(ArgumentError, match="multiple of 4"):
        WaveRNN([2, 3], 8, 6, n_output=6)
    with pytest.raises(ArgumentError, match="waveform must have one channel"):
        model(torch.zeros(1, 2, 18), torch.zeros(1, 1, 4, 7))


def test_gradients_compile_and_export(model):
    inputs = torch.rand(2, 1, 18), torch.randn(2, 1, 4, 7)
    check_gradient(model, *inputs)
    check_compiles(model, *inputs)
    frames = torch.export.Dim("frames", min=7)
    shapes = ({2: 6 * frames - 24}, {3: frames})
    with torch.no_grad():
        program = torch.export.export(model, inputs, dynamic_shapes=shapes).module()
        longer = torch.rand(2, 1, 30), torch.randn(2, 1, 4, 9)
        torch.testing.assert_close(program(*longer), model(*longer))
