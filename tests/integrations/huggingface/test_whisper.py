import numpy as np
import pytest
import torch

from sonovox._internal.errors import ArgumentError, ChoiceError
from sonovox.integrations.huggingface import Whisper
from sonovox.models.whisper.convert import to_huggingface
from talking_whisper import said, talking_whisper, write_folder


@pytest.fixture(scope="module")
def reference(speechbrain_reference):
    folder = speechbrain_reference / "hf-wrappers" / "whisper"
    arrays = {**np.load(folder / "inputs.npz"), **np.load(folder / "outputs.npz")}
    return folder / "model", {name: torch.from_numpy(array) for name, array in arrays.items()}


def close(found, expected):
    # The case allows 2e-4 of the largest value.
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-5 * expected.abs().max().item())


def test_a_batch_is_its_items(reference):
    folder, arrays = reference
    block = Whisper(folder, encoder_only=True, freeze=True)
    wavs = arrays["wavs"] * torch.tensor([[1.0], [0.01]])
    close(block(wavs)[1:], block(wavs[1:]))
    assert not torch.allclose(
        Whisper(folder, encoder_only=True, freeze=True, as_speechbrain=True)(wavs)[1:], block(wavs[1:])
    )


def test_the_decoder_says_the_same_word_by_word(reference):
    folder, arrays = reference
    block, tokens = Whisper(folder, freeze=True), arrays["decoder_input_ids"]
    states, expected, _ = block(arrays["wavs"], tokens)
    close(block.forward_decoder(states, tokens, use_cache=False)[0], expected)
    cache, said = None, []
    for i in range(tokens.shape[1]):
        logits, _, cache = block.forward_decoder(states, tokens[:, i : i + 1], past_key_values=cache)
        said.append(logits)
    close(torch.cat(said, 1), expected)


def test_frozen_parts_stay_in_evaluation_mode_and_without_gradients(reference):
    folder, arrays = reference
    frozen = Whisper(folder, freeze=True).train()
    assert not frozen.model.training
    assert not any(p.requires_grad for p in frozen.parameters())
    half = Whisper(folder, freeze_encoder=True).train()
    assert half.model.decoder.training
    assert not half.model.encoder.training
    half(arrays["wavs"], arrays["decoder_input_ids"])[1].sum().backward()
    assert all(parameter.grad is None for parameter in half.model.encoder.parameters())
    assert half.model.decoder.embedding.weight.grad.abs().sum() > 0


def test_checkpoints_of_speechbrain_load(reference):
    block = Whisper(reference[0])
    weights = {name: tensor + 0.5 for name, tensor in block.model.state_dict().items()}
    theirs = {f"model.{name.removeprefix('model.')}": tensor for name, tensor in to_huggingface(weights).items()}
    theirs.pop("model.proj_out.weight")
    block.load_state_dict(theirs)
    biases = [name for name in weights if "qkv.bias" in name or "kv.bias" in name]  # those of keys are zero by design
    for name in weights.keys() - set(biases):
        torch.testing.assert_close(block.model.state_dict()[name], weights[name])
    block.load_state_dict(block.state_dict())


def test_long_recordings_are_cut_and_short_ones_filled_along_any_axis():
    assert Whisper.pad_or_trim(torch.ones(2, 7), length=5).shape == (2, 5)
    filled = Whisper.pad_or_trim(torch.ones(2, 3), length=5, axis=0)
    assert filled.shape == (5, 3)
    assert filled[2:].eq(0).all()


def test_tokens_of_published_vocabularies(talking_model):
    block = Whisper(talking_model, language="en")
    tokenizer = block.tokenizer
    assert block.bos == tokenizer.start
    assert block.eos == tokenizer.end
    assert block.prompt == tokenizer.prefix("en", "transcribe", timestamps=False)


def test_what_it_cannot_do_is_refused(reference):
    folder, arrays = reference
    with pytest.raises(ArgumentError, match="decoder_input_ids"):
        Whisper(folder)(arrays["wavs"])
    with pytest.raises(ArgumentError, match="16000, got 8000"):
        Whisper(folder, sampling_rate=8000)
    with pytest.raises(ArgumentError, match="output_attentions"):
        Whisper(folder, output_attentions=True)
    with pytest.raises(ChoiceError, match="did you mean translate"):
        Whisper(folder, task="translat")
    with pytest.raises(ArgumentError, match=r"must be \(batch, time\)"):
        Whisper(folder, encoder_only=True)(arrays["wavs"][None])
    assert "encoder_only=True" in repr(Whisper(folder, encoder_only=True))


def test_a_saved_block_is_the_same(tmp_path):
    block = Whisper(write_folder(tmp_path / "told", talking_whisper(said("two", 1.0))))
    again = Whisper(block.save(tmp_path / "again", card="# Told"))
    waves, tokens = torch.randn(1, 8000), torch.tensor([block.prompt])
    for ours, theirs in zip(block(waves, tokens)[:2], again(waves, tokens)[:2], strict=True):
        assert torch.equal(ours, theirs)
    assert again.prompt == block.prompt
