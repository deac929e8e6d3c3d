import json
import logging
from types import SimpleNamespace

from sonovox.finetuning import FinetuneSettings, SpellingEncoder
from sonovox.finetuning.result import write_result
from sonovox.hub import load_weights


def test_the_model_its_adapter_and_its_measures_are_written(encoder, data, tmp_path, caplog):
    caplog.set_level(logging.INFO, "sonovox")
    model = SpellingEncoder(encoder, ["a"], lora_rank=2)
    brain = SimpleNamespace(hparams=SimpleNamespace(model=model))
    best = SimpleNamespace(meta={"WER": 100.0, "CER": 100.0, "epoch": 2, "error": 100.1})
    settings = FinetuneSettings(str(encoder), str(data), tmp_path / "out", lora_rank=2)
    write_result(brain, best, settings, {"letters": ["a"], "report": []})
    assert json.loads((tmp_path / "out" / "results.json").read_text()) == {"WER": 100.0, "CER": 100.0, "epoch": 2}
    assert not any("lora" in name for name in load_weights(tmp_path / "out" / "model" / "model.safetensors"))
    card = (tmp_path / "out" / "model" / "README.md").read_text()
    assert "Adapters of rank 2 (LoRA) and the head learnt" in card
    assert "the model writes nothing right" in caplog.text
    assert "which peft opens" in caplog.text
