import pytest
import torch

from models.model_properties import check_compiles, check_exports, check_gradient
from models.torchaudio_cases import check_case, read_case
from sonovox._internal.errors import ArgumentError
from sonovox.models import DeepSpeech

SMALL = {"n_feature": 4, "n_hidden": 6, "n_class": 5}


def test_scores_are_those_of_torchaudio(torchaudio_reference):
    check_case(read_case(torchaudio_reference / "models" / "deepspeech", DeepSpeech), ["0"])


def test_items_of_a_batch_are_what_they_are_alone():
    model, x = DeepSpeech(**SMALL).eval(), torch.randn(3, 1, 9, 4)
    torch.testing.assert_close(model(x)[1:2], model(x[1:2]))


def test_activations_stop_at_twenty():
    model = DeepSpeech(**SMALL).eval()
    assert torch.equal(model.fc1(torch.full((1, 4), 1e6)) <= 20, torch.ones(1, 6, dtype=torch.bool))


def test_units_drop_out_in_training_only():
    model, x = DeepSpeech(**SMALL, dropout=0.5), torch.randn(1, 1, 9, 4)
    assert not torch.equal(model(x), model(x))
    model.eval()
    assert torch.equal(model(x), model(x))


def test_a_missing_channel_is_refused():
    with pytest.raises(ArgumentError, match=r"\(batch, 1, time, n_feature\), got shape \(2, 9, 4\)"):
        DeepSpeech(**SMALL)(torch.zeros(2, 9, 4))


def test_gradients_compile_and_export():
    model = DeepSpeech(**SMALL).eval()
    check_gradient(model, torch.randn(2, 1, 5, 4))
    check_compiles(model, torch.randn(2, 1, 5, 4))
    check_exports(model, torch.randn(2, 1, 9, 4), torch.randn(2, 1, 20, 4), axis=2)
