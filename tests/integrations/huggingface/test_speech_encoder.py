import pytest
import torch

from small_encoder import KINDS, encoder, speech, write_folder
from sonovox._internal.errors import ArgumentError, WeightsError
from sonovox.hub import load_module
from sonovox.integrations.huggingface import HuBERT, SpeechEncoder, Wav2Vec2
from sonovox.models.wav2vec2 import to_huggingface


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "model", mask_time_prob=0.3, mask_time_length=2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{}, {"output_norm": True}, {"output_norm": True, "output_all_hiddens": True}])
def test_a_batch_is_its_items(tmp_path, kind, options):
    block = SpeechEncoder(write_folder(tmp_path / "model", kind), **options)
    block.eval()
    waves, lengths = speech((6000, 4100, 900))
    batch = block(waves, lengths / 6000)
    for i, length in enumerate(lengths):
        alone = block(waves[i : i + 1, :length])
        torch.testing.assert_close(batch[..., i, : alone.shape[-2], :], alone[..., 0, :, :], rtol=1e-4, atol=1e-4)


def test_2_87_seconds_of_speech_give_143_frames(folder, shared_data):
    from sonovox import load

    wave, rate = load(shared_data / "samples" / "ASR" / "spk1_snt1.wav")
    assert rate == 16000
    assert Wav2Vec2(folder)(wave).shape == (1, 143, 16)
    assert Wav2Vec2(folder, output_all_hiddens=True)(wave).shape == (3, 1, 143, 16)


def test_frozen_is_evaluation_mode_without_gradients_also_after_train(folder):
    block = Wav2Vec2(folder, freeze=True)
    torch.nn.Sequential(block).train()
    assert block.training
    assert not any(part.training for part in block.model.modules())
    assert not any(parameter.requires_grad for parameter in block.parameters())
    out = block(speech()[0].requires_grad_())
    assert not out.requires_grad
    assert torch.equal(out, block(speech()[0]))


def test_a_frozen_feature_extractor_leaves_the_rest_to_learn(folder):
    block = Wav2Vec2(folder, freeze_feature_extractor=True)
    block(speech()[0]).sum().backward()
    learns = {name for name, parameter in block.named_parameters() if parameter.requires_grad}
    assert learns
    assert not any("feature_extractor" in name for name in learns)
    assert block.model.encoder.feature_projection.projection.weight.grad.abs().sum() > 0


def test_frames_are_masked_in_training_only_if_asked(folder):
    assert not Wav2Vec2(folder).model.masking.enabled
    assert Wav2Vec2(folder, apply_spec_augment=True).model.masking.enabled


def test_checkpoints_of_speechbrain_load(folder, tmp_path):
    block = Wav2Vec2(folder)
    weights = {name: tensor + 0.5 for name, tensor in encoder(mask_time_prob=0.3).state_dict().items()}
    theirs = {f"model.{name}": tensor for name, tensor in to_huggingface(weights, "wav2vec2").items()}
    torch.save(theirs, tmp_path / "wav2vec2.ckpt")
    load_module(block, tmp_path / "wav2vec2.ckpt")
    for name, tensor in block.model.state_dict().items():
        torch.testing.assert_close(tensor, weights[name])
    del theirs["model.masked_spec_embed"]
    block.load_state_dict(theirs)
    block.load_state_dict(block.state_dict())
    with pytest.raises(RuntimeError, match="Missing key"):
        block.load_state_dict({name: tensor for name, tensor in theirs.items() if "layer_norm" not in name})


def test_a_block_prints_what_it_is(folder):
    said = repr(HuBERT(folder, freeze=True, output_norm=True))
    assert said.startswith("HuBERT(")
    assert "freeze=True, output_norm=True" in said
    assert "as_speechbrain" not in said


@pytest.mark.parametrize("normalised", [True, False])
def test_one_graph_without_breaks(tmp_path, normalised):
    torch.compiler.reset()
    block = SpeechEncoder(
        write_folder(tmp_path / "model", do_normalize=normalised), freeze=True, output_norm=normalised
    )
    waves, lengths = speech()
    compiled = torch.compile(block, fullgraph=True, backend="eager")
    found, expected = compiled(waves, lengths / 6000), block(waves, lengths / 6000)
    torch.testing.assert_close(found[0], expected[0])
    torch.testing.assert_close(found[1, :12], expected[1, :12])  # what follows is padding, and only here computed


def test_wrong_shapes_and_sources_are_refused(folder, tmp_path):
    with pytest.raises(ArgumentError, match=r"got \(2, 1, 800\) and None"):
        Wav2Vec2(folder)(torch.zeros(2, 1, 800))
    with pytest.raises(ArgumentError, match=r"got \(2, 800\) and \(3,\)"):
        Wav2Vec2(folder)(torch.zeros(2, 800), torch.ones(3))
    (tmp_path / "empty").mkdir()
    with pytest.raises(WeightsError, match=r"no config\.json"):
        Wav2Vec2(tmp_path / "empty")
