import numpy as np
import pytest
import torch

from small_encoder import speech, write_folder
from sonovox.integrations.huggingface import SpeechEncoder, WeightedSSLModel


@pytest.mark.parametrize("case", ["wav2vec2", "wav2vec2-ln", "hubert", "wavlm"])
@pytest.mark.parametrize("layernorm", [True, False])
def test_outputs_as_speechbrain_are_those_of_speechbrain(speechbrain_reference, case, layernorm):
    folder = speechbrain_reference / "hf-wrappers" / case
    given = {name: torch.from_numpy(array) for name, array in np.load(folder / "inputs.npz").items()}
    block = WeightedSSLModel(folder / "model", "", layernorm, freeze=True, as_speechbrain=True)
    block.weights.data = given["layer_weights"]
    expected = torch.from_numpy(np.load(folder / "outputs.npz")[f"weighted_layernorm_{layernorm}"])
    # The case allows 2e-4 of the largest value.
    torch.testing.assert_close(
        block(given["wavs"], given["wav_lens"]), expected, rtol=0, atol=1e-5 * expected.abs().max().item()
    )


def test_at_first_it_is_the_mean_of_all_states(tmp_path):
    folder, (waves, lengths) = write_folder(tmp_path / "model"), speech()
    states = SpeechEncoder(folder, output_all_hiddens=True).eval()(waves, lengths / 6000)
    torch.testing.assert_close(WeightedSSLModel(folder).eval()(waves, lengths / 6000), states.mean(0))


def test_the_weights_learn_while_the_encoder_is_frozen(tmp_path):
    block = WeightedSSLModel(write_folder(tmp_path / "model"), freeze=True)
    block(speech()[0])[..., 0].sum().backward()
    assert block.weights.grad.abs().sum() > 0
    assert [name for name, parameter in block.named_parameters() if parameter.requires_grad] == ["weights"]
