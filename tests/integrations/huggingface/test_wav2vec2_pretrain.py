from dataclasses import replace

import pytest
import torch

from models.wav2vec2.test_pretraining import model
from small_encoder import speech
from sonovox._internal.errors import ArgumentError
from sonovox.integrations.huggingface import Wav2Vec2, Wav2Vec2Pretrain
from sonovox.models.wav2vec2 import save_wav2vec2_pretraining

NAMES = ("loss", "contrastive_loss", "diversity_loss", "codevector_perplexity", "projected_states")


@pytest.fixture
def folder(tmp_path):
    return save_wav2vec2_pretraining(tmp_path / "model", model())


def test_weights_are_random_unless_asked_for(folder):
    first = {name: value.clone() for name, value in model().state_dict().items()}
    fresh, known = Wav2Vec2Pretrain(folder), Wav2Vec2Pretrain(folder, pretrained=True)
    assert not torch.equal(fresh.model.project_q.weight, first["project_q.weight"])
    assert torch.equal(known.model.project_q.weight, first["project_q.weight"])
    assert fresh.model.training


def test_a_batch_is_masked_within_its_items(folder):
    block = Wav2Vec2Pretrain(folder, mask_length=3)
    waves, lengths = speech((6000, 1500))
    output, mask = block(waves, lengths / 6000)
    assert not mask[1, 4:].any()
    assert output.loss.isfinite()
    theirs = Wav2Vec2Pretrain(folder, mask_length=3, as_speechbrain=True)
    masks = torch.stack([theirs(waves, lengths / 6000)[1] for _ in range(20)])
    assert masks[:, 1, 4:].any(), "SpeechBrain masks padding too"


def test_what_was_learnt_is_an_encoder(folder, tmp_path):
    block = Wav2Vec2Pretrain(folder, normalize_wav=False)
    block.save(tmp_path / "out")
    encoder = Wav2Vec2(tmp_path / "out")
    assert not encoder.do_normalize
    waves, _ = speech()
    block.model.wav2vec2.feature_extractor.norm_over_padding = True
    torch.testing.assert_close(encoder.eval()(waves), block.eval().model.wav2vec2(waves)[0])


def test_sizes_can_be_changed_in_a_subclass(folder):
    class Shallow(Wav2Vec2Pretrain):
        def override_config(self, config):
            return replace(config, encoder_num_layers=1)

    assert len(Shallow(folder).model.wav2vec2.encoder.transformer.layers) == 1


def test_wrong_shapes_are_refused(folder):
    with pytest.raises(ArgumentError, match=r"got \(2, 1, 800\)"):
        Wav2Vec2Pretrain(folder)(torch.zeros(2, 1, 800))
    assert "mask_length=10" in repr(Wav2Vec2Pretrain(folder))
