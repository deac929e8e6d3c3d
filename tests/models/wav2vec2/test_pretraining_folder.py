import pytest
import torch

from models.wav2vec2.test_pretraining import model
from small_encoder import speech, write_folder
from sonovox._internal.errors import WeightsError
from sonovox.models.wav2vec2 import (
    Preprocessor,
    load_wav2vec2,
    load_wav2vec2_pretraining,
    pretraining_from_huggingface,
    pretraining_to_huggingface,
    save_wav2vec2_pretraining,
)


def test_a_folder_gives_the_model_back_and_its_encoder_too(tmp_path):
    built = model("large", logit_temp=0.2)
    save_wav2vec2_pretraining(tmp_path / "model", built, Preprocessor(8000, do_normalize=False))
    loaded, preprocessor = load_wav2vec2_pretraining(tmp_path / "model", mask_prob=0.4)
    assert preprocessor == Preprocessor(8000, do_normalize=False)
    assert loaded.pretraining.logit_temp == 0.2
    assert loaded.pretraining.mask_prob == 0.4
    for name, tensor in built.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name
    encoder = load_wav2vec2(tmp_path / "model").model
    waves, lengths = speech()
    torch.testing.assert_close(encoder(waves, lengths)[0], built.wav2vec2.eval()(waves, lengths)[0], atol=1e-4, rtol=0)


def test_sizes_alone_give_random_weights_of_other_sizes_if_asked(tmp_path):
    from dataclasses import replace

    save_wav2vec2_pretraining(tmp_path / "model", model())
    loaded, _ = load_wav2vec2_pretraining(
        tmp_path / "model", with_weights=False, override_config=lambda config: replace(config, encoder_num_layers=1)
    )
    assert len(loaded.wav2vec2.encoder.transformer.layers) == 1


def test_an_encoder_without_a_quantiser_is_told(tmp_path):
    with pytest.raises(WeightsError, match="lacks num_codevector_groups"):
        load_wav2vec2_pretraining(write_folder(tmp_path / "model"))


def test_names_go_there_and_back():
    weights = model().state_dict()
    theirs = pretraining_to_huggingface(weights)
    assert "quantizer.codevectors" in theirs
    assert "wav2vec2.masked_spec_embed" in theirs
    assert set(pretraining_from_huggingface(theirs)) == set(weights)


def test_transformers_computes_the_same(tmp_path):
    transformers = pytest.importorskip("transformers")
    built = model("large").eval()
    save_wav2vec2_pretraining(tmp_path / "model", built)
    theirs = transformers.Wav2Vec2ForPreTraining.from_pretrained(tmp_path / "model").eval()
    waves, lengths = speech()
    mask = torch.zeros(2, 18, dtype=torch.bool)
    mask[:, 2:9] = True
    negatives = torch.randint(12, (2, 18, 5))
    with torch.no_grad():
        expected = theirs(
            waves,
            attention_mask=(torch.arange(6000) < lengths[:, None]).long(),
            mask_time_indices=mask,
            sampled_negative_indices=negatives + 18 * torch.arange(2).view(2, 1, 1),
        )
        output = built(waves, lengths, mask, negatives)
    for name in ("loss", "contrastive_loss", "diversity_loss", "codevector_perplexity"):
        torch.testing.assert_close(getattr(output, name), expected[name], rtol=1e-5, atol=1e-5)
    heard = torch.arange(18) < built.wav2vec2.feature_extractor.frames(lengths)[:, None]
    torch.testing.assert_close(output.projected_states[heard], expected.projected_states[heard], rtol=1e-5, atol=1e-5)
