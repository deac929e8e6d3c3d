import torch

from small_encoder import speech, write_folder
from sonovox.integrations.huggingface import SpeechEncoder, WeightedSSLModel


def test_at_first_it_is_the_mean_of_all_states(tmp_path):
    folder, (waves, lengths) = write_folder(tmp_path / "model"), speech()
    states = SpeechEncoder(folder, output_all_hiddens=True).eval()(waves, lengths / 6000)
    torch.testing.assert_close(WeightedSSLModel(folder).eval()(waves, lengths / 6000), states.mean(0))


def test_the_weights_learn_while_the_encoder_is_frozen(tmp_path):
    block = WeightedSSLModel(write_folder(tmp_path / "model"), freeze=True)
    block(speech()[0])[..., 0].sum().backward()
    assert block.weights.grad.abs().sum() > 0
    assert [name for name, parameter in block.named_parameters() if parameter.requires_grad] == ["weights"]
