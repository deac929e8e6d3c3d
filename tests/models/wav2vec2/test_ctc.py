import torch

from small_encoder import speech, write_folder
from sonovox.models.wav2vec2 import load_wav2vec2
from sonovox.models.wav2vec2.ctc import Wav2Vec2CTC


def test_a_batch_is_its_items_and_rows_are_logarithms_of_probabilities(tmp_path):
    model = Wav2Vec2CTC(load_wav2vec2(write_folder(tmp_path / "model", aux_num_out=6)))
    waves, lengths = speech()
    found = model(waves, lengths / lengths.max())
    torch.testing.assert_close(found.exp().sum(-1), torch.ones(found.shape[:2]))
    alone = model(waves[1:, : lengths[1]])
    torch.testing.assert_close(found[1, : alone.shape[1]], alone[0], rtol=1e-4, atol=1e-4)


def test_waveforms_are_normalised_if_the_preprocessor_says_so(tmp_path):
    waves, _ = speech()
    for do_normalize in (True, False):
        folder = write_folder(tmp_path / str(do_normalize), "large", do_normalize=do_normalize, aux_num_out=6)
        model = Wav2Vec2CTC(load_wav2vec2(folder))
        assert torch.allclose(model(waves), model(3 * waves + 1), atol=1e-3) == do_normalize


def test_a_frozen_encoder_leaves_gradients_to_the_head(tmp_path):
    module = Wav2Vec2CTC(load_wav2vec2(write_folder(tmp_path / "model", aux_num_out=6)))
    module.freeze_encoder = True
    waves, lengths = speech()
    module(waves, lengths / waves.shape[1]).sum().backward()
    learning = {name for name, weight in module.named_parameters() if weight.grad is not None}
    assert learning == {"model.aux.weight", "model.aux.bias"}
