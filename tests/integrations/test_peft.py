import json

import pytest
import torch
from torch import nn

from nn.test_adapters import stirred
from small_encoder import encoder, speech
from sonovox._internal.errors import ArgumentError, WeightsError
from sonovox.hub import load_weights, save_weights
from sonovox.integrations.peft import load_peft_adapter, save_peft_adapter
from sonovox.models.wav2vec2 import from_huggingface, to_huggingface
from sonovox.nn import insert_adapters


def adapted():
    model = encoder()
    insert_adapters(model, ["*.q_proj", "*.v_proj"], rank=2, alpha=6.0, dropout=0.1, rank_stabilised=True)
    return stirred(model).eval()


def test_a_folder_holds_the_adapter_alone_and_gives_it_back(tmp_path):
    model = adapted()
    save_peft_adapter(tmp_path / "out", model, "facebook/wav2vec2-base")
    names = load_weights(tmp_path / "out" / "adapter_model.safetensors")
    assert "base_model.model.encoder.transformer.layers.0.attention.q_proj.lora_A.weight" in names
    assert len(names) == 8
    other = encoder()
    assert len(load_peft_adapter(other, tmp_path / "out")) == 4
    assert not any(parameter.requires_grad for parameter in other.parameters())
    waves, lengths = speech()
    torch.testing.assert_close(other(waves, lengths)[0], model(waves, lengths)[0])


def test_one_can_learn_on(tmp_path):
    save_peft_adapter(tmp_path / "out", adapted())
    other = encoder()
    load_peft_adapter(other, tmp_path / "out", trainable=True)
    assert {name.split("lora_")[1] for name, p in other.named_parameters() if p.requires_grad} == {
        "A.weight",
        "B.weight",
    }


def test_a_head_that_learnt_as_a_whole_goes_with_the_adapter(tmp_path):
    model = encoder(aux_num_out=6)
    insert_adapters(model, ["*.q_proj"], rank=2)
    stirred(model).aux.weight.data += 1.0
    save_peft_adapter(tmp_path / "out", model, rename=lambda w: to_huggingface(w, "wav2vec2"), whole_layers=["aux"])
    names = load_weights(tmp_path / "out" / "adapter_model.safetensors")
    assert "base_model.model.wav2vec2.encoder.layers.1.attention.q_proj.lora_B.weight" in names
    assert {"base_model.model.lm_head.weight", "base_model.model.lm_head.bias"} <= set(names)
    assert json.loads((tmp_path / "out" / "adapter_config.json").read_text())["modules_to_save"] == ["lm_head"]
    other = encoder(aux_num_out=6)
    load_peft_adapter(other, tmp_path / "out", rename=from_huggingface)
    waves, lengths = speech()
    torch.testing.assert_close(other(waves, lengths)[0], model.eval()(waves, lengths)[0])
    for labels, text in ((5, r"aux\.bias \(6,\), and Wav2Vec2Model one \(5,\)"), (None, "none of this name")):
        with pytest.raises(WeightsError, match=text):
            load_peft_adapter(encoder(aux_num_out=labels), tmp_path / "out", rename=from_huggingface)


def test_peft_reads_what_is_written_and_the_other_way(tmp_path):
    peft, transformers = pytest.importorskip("peft"), pytest.importorskip("transformers")
    from small_encoder import write_folder

    model = adapted()
    write_folder(tmp_path / "base")
    save_peft_adapter(tmp_path / "out", model, rename=lambda weights: to_huggingface(weights, "wav2vec2"))
    base = transformers.Wav2Vec2Model.from_pretrained(tmp_path / "base")
    theirs = peft.PeftModel.from_pretrained(base, tmp_path / "out").eval()
    waves, _ = speech()
    expected = model(waves)[0]
    torch.testing.assert_close(theirs(waves)[0], expected, rtol=1e-5, atol=1e-5)
    theirs.save_pretrained(tmp_path / "back")
    other = encoder()
    load_peft_adapter(other, tmp_path / "back", rename=from_huggingface)
    torch.testing.assert_close(other(waves)[0], expected)


def test_what_does_not_fit_is_told_and_changes_nothing(tmp_path):
    save_peft_adapter(tmp_path / "out", adapted())
    linear = nn.Sequential(nn.Linear(4, 4))
    with pytest.raises(WeightsError, match="4 of 4 adapted layers are not in Sequential"):
        load_peft_adapter(linear, tmp_path / "out")
    wide = encoder(encoder_embed_dim=32)
    with pytest.raises(WeightsError, match=r"must be \(2, 32\), got \(2, 16\)"):
        load_peft_adapter(wide, tmp_path / "out")
    assert all(parameter.requires_grad for parameter in wide.parameters())
    config = tmp_path / "out" / "adapter_config.json"
    config.write_text(json.dumps({"peft_type": "LORA", "use_dora": True}))
    with pytest.raises(WeightsError, match="describes LORA with use_dora"):
        load_peft_adapter(encoder(), tmp_path / "out")
    config.write_text("{")
    with pytest.raises(WeightsError, match="cannot be read"):
        load_peft_adapter(encoder(), tmp_path / "out")
    config.write_text(json.dumps({"peft_type": "LORA"}))
    strange = {"base_model.model.0.modules_to_save.weight": torch.zeros(1)}
    save_weights(config.with_name("adapter_model.safetensors"), strange)
    with pytest.raises(WeightsError, match=r"has the weight 0\.modules_to_save\.weight"):
        load_peft_adapter(linear, tmp_path / "out")


def test_nothing_to_save_is_told(tmp_path):
    with pytest.raises(ArgumentError, match="got none"):
        save_peft_adapter(tmp_path / "out", nn.Linear(2, 2))
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ArgumentError, match="holds something else"):
        save_peft_adapter(tmp_path, adapted())
