import json
import sys

import pytest
import torch

from sonovox._internal.errors import ArgumentError, MissingDependencyError, WeightsError
from sonovox.integrations.transformers import TransformersEncoder

SIZES = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 24,
}  # fmt: skip
CONVOLUTIONS = {"conv_dim": [8] * 7, "num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 4}


@pytest.fixture
def transformers():
    return pytest.importorskip("transformers")


@pytest.fixture
def data2vec(transformers, tmp_path):
    torch.manual_seed(0)
    config = transformers.Data2VecAudioConfig(**SIZES, **CONVOLUTIONS, conv_pos_kernel_size=5)
    transformers.Data2VecAudioModel(config).save_pretrained(tmp_path / "model")
    transformers.Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def test_samples_go_through_as_transformers_has_it(data2vec, transformers):
    block = TransformersEncoder(data2vec, freeze=True)
    wav = torch.randn(2, 6000) + 0.5
    extractor = transformers.AutoFeatureExtractor.from_pretrained(data2vec)
    values = extractor(list(wav.numpy()), sampling_rate=16000, return_tensors="pt").input_values
    expected = transformers.AutoModel.from_pretrained(data2vec).eval()(values).last_hidden_state
    out = block.train()(wav)
    torch.testing.assert_close(out, expected, rtol=1e-4, atol=1e-4)
    assert not out.requires_grad
    assert block.sample_rate == 16000


def test_all_states_lengths_and_gradients(data2vec):
    block = TransformersEncoder(data2vec, output_all_hiddens=True, output_norm=True)
    out = block(torch.randn(2, 6000), torch.tensor([1.0, 0.5]))
    assert out.shape == (3, 2, 18, 16)
    torch.testing.assert_close(out[1].mean((1, 2)), torch.zeros(2), atol=1e-5, rtol=0)
    out.square().sum().backward()
    assert any(parameter.grad is not None for parameter in block.parameters())


def test_models_of_spectrograms_get_them(transformers, tmp_path):
    config = transformers.ASTConfig(**SIZES, max_length=64, num_mel_bins=32)
    transformers.ASTModel(config).save_pretrained(tmp_path / "model")
    transformers.ASTFeatureExtractor(max_length=64, num_mel_bins=32).save_pretrained(tmp_path / "model")
    block = TransformersEncoder(tmp_path / "model", freeze=True)
    assert block(torch.randn(2, 9000), torch.tensor([1.0, 0.5])).shape[::2] == (2, 16)


def test_what_is_no_encoder_of_speech_is_told(data2vec, transformers, tmp_path):
    block = TransformersEncoder(data2vec)
    with pytest.raises(ArgumentError, match=r"got \(2, 1, 800\) and None"):
        block(torch.zeros(2, 1, 800))
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "config.json").write_text(json.dumps({"model_type": "nothing"}))
    with pytest.raises(WeightsError, match="transformers cannot read"):
        TransformersEncoder(tmp_path / "empty")


def test_without_transformers_the_line_that_installs_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'sonovox\[transformers\]'"):
        TransformersEncoder(tmp_path)
