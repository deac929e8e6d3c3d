import hashlib
import json
import logging
import signal

import pytest
import torch
from filelock import FileLock

from small_encoder import speech, write_folder
from sonovox._internal.errors import ArgumentError, TrainingInterruptedError
from sonovox.finetuning import FineTuner, finetune
from sonovox.hub import load_weights
from sonovox.inference.load_recogniser import load_recogniser
from sonovox.integrations.peft import load_peft_adapter
from sonovox.models.wav2vec2 import from_huggingface, load_wav2vec2

FAST = {"device": "cpu", "epochs": 3, "batch_seconds": 1.5, "dev_share": 0.25, "learning_rate": 0.01, "quiet": True}


def weights_of(folder):
    tensors = load_weights(folder / "model" / "model.safetensors")
    return hashlib.sha256(b"".join(tensors[name].numpy().tobytes() for name in sorted(tensors))).hexdigest()


def log_of(folder):
    return (folder / "train_log.csv").read_text()


@pytest.fixture
def heard(caplog):
    caplog.set_level(logging.INFO, "sonovox")
    return lambda: "\n".join(record.getMessage() for record in caplog.records)


def test_a_folder_of_recordings_becomes_a_recogniser(encoder, data, record, tmp_path, heard):
    record("data/mute.wav")
    out = finetune(encoder, data, tmp_path / "out", **FAST)
    assert "left out    1 sound without text: mute" in heard()
    assert "expected 'abc'" in heard() or "expected 'cab'" in heard() or "expected 'b" in heard()
    assert "of the words of dev wrong" in heard()
    assert {path.name for path in (out / "model").iterdir()} == {
        "README.md", "config.json", "model.safetensors", "preprocessor_config.json", "tokenizer_config.json",
        "vocab.json",
    }  # fmt: skip
    text = load_recogniser(out, device="cpu").transcribe_file(data / "00.wav")
    assert set(text) <= set("abc ")
    rows = log_of(out).splitlines()
    assert rows[0] == "epoch,lr,encoder lr,train loss,valid loss,valid WER,valid CER"
    assert len(rows) == 4
    assert json.loads((out / "results.json").read_text()).keys() == {"WER", "CER", "epoch"}
    assert "freeze_updates" in (out / "train.yaml").read_text()


def stop_and_go_on(encoder, data, out, options, monkeypatch):
    """Stopped by a signal in the second epoch, and started once more."""
    count, original = [0], FineTuner.on_fit_batch_end

    def stop_in_the_second_epoch(self, *arguments):
        count[0] += 1
        if count[0] == 7:
            signal.raise_signal(signal.SIGTERM)
        original(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(FineTuner, "on_fit_batch_end", stop_in_the_second_epoch)
        with pytest.raises(TrainingInterruptedError, match="the same command goes on from here"):
            finetune(encoder, data, out, **options)
    return finetune(encoder, data, out, **options)


def test_a_run_that_was_stopped_goes_on_exactly(encoder, data, tmp_path, monkeypatch, heard):
    whole = finetune(encoder, data, tmp_path / "whole", **FAST)
    stopped = stop_and_go_on(encoder, data, tmp_path / "stopped", FAST, monkeypatch)
    assert "going on with the run" in heard()
    assert log_of(stopped) == log_of(whole)
    assert weights_of(stopped) == weights_of(whole)


def test_other_settings_are_not_mixed_into_a_run(encoder, data, tmp_path):
    out = finetune(encoder, data, tmp_path / "out", **{**FAST, "epochs": 1})
    with pytest.raises(ArgumentError, match=r"was begun with --learning-rate 0\.01 \(now 0\.1\)"):
        finetune(encoder, data, out, **{**FAST, "learning_rate": 0.1})
    finetune(encoder, data, out, **{**FAST, "epochs": 2})  # more of the same may be asked for
    assert len(log_of(out).splitlines()) == 3


def test_a_dev_set_of_its_own_watches(encoder, data, record, tmp_path, heard):
    for number in range(3):
        record(f"watch/{number}.wav", "cab")
    out = finetune(encoder, data, tmp_path / "out", dev=tmp_path / "watch", **{**FAST, "epochs": 1})
    assert "12 to learn from" in heard()
    assert len((out / "dev.jsonl").read_text().splitlines()) == 3


def test_a_data_set_in_memory_is_learnt_from(encoder, data, tmp_path):
    class Rows(list):
        column_names = ("audio", "text")

    rows = Rows(
        {"audio": {"bytes": path.read_bytes(), "path": None}, "text": path.with_suffix(".txt").read_text()}
        for path in sorted(data.glob("*.wav"))
    )
    assert (finetune(encoder, rows, tmp_path / "out", **{**FAST, "epochs": 1}) / "model").is_dir()


def test_adapters_learn_alone_and_end_in_the_model(encoder, data, tmp_path, heard, monkeypatch):
    options = {**FAST, "lora_rank": 4, "encoder_learning_rate": 0.1}
    whole = finetune(encoder, data, tmp_path / "whole", **options)
    assert "parameters (" in heard()
    assert "the head and adapters of rank 4 beside 12 layers" in heard()
    kept = sum(file.stat().st_size for file in next((whole / "save").glob("CKPT*")).glob("model*"))
    assert kept < (encoder / "model.safetensors").stat().st_size
    before, after = (load_wav2vec2(folder, head=False).model.state_dict() for folder in (encoder, whole / "model"))
    changed = {name for name, tensor in before.items() if not torch.equal(tensor, after[name])}
    assert changed
    assert all(name.endswith(("_proj.weight", "_dense.weight")) for name in changed)
    # The adapter beside the model, put into the encoder, is the same model.
    loaded = load_wav2vec2(whole / "model").model
    again = load_wav2vec2(encoder, head=False).model
    again.aux = torch.nn.Linear(16, loaded.aux.out_features)
    load_peft_adapter(again, whole / "adapter", rename=from_huggingface)
    waves, lengths = speech()
    torch.testing.assert_close(again(waves, lengths)[0], loaded(waves, lengths)[0], rtol=1e-5, atol=1e-5)
    stopped = stop_and_go_on(encoder, data, tmp_path / "stopped", options, monkeypatch)
    assert log_of(stopped) == log_of(whole)
    assert weights_of(stopped) == weights_of(whole)


def test_a_head_that_fits_is_kept_and_writes_as_before(data, tmp_path, heard):
    recogniser = write_folder(tmp_path / "recogniser", aux_num_out=6)
    frozen = {**FAST, "epochs": 1, "encoder_learning_rate": 0, "learning_rate": 1e-9}
    out = finetune(recogniser, data, tmp_path / "out", **frozen)
    assert "head        kept, with its 6 labels, and texts are learnt in capitals" in heard()
    before, after = (load_recogniser(folder, device="cpu") for folder in (recogniser, out))
    assert after.transcribe_file(data / "00.wav") == before.transcribe_file(data / "00.wav")
    assert "ABC" in (out / "train.jsonl").read_text()
    (data / "00.txt").write_text("abx")
    with pytest.raises(ArgumentError, match="there is no head to keep"):
        finetune(write_folder(tmp_path / "bare"), data, tmp_path / "other", keep_head=True, **FAST)
    finetune(recogniser, data, tmp_path / "kept", keep_head=True, **frozen)
    assert "1 text with characters that the head lacks: 00 (X)" in heard()


def test_two_processes_do_not_write_into_one_folder(encoder, data, tmp_path):
    with FileLock(tmp_path / ".out.lock"), pytest.raises(ArgumentError, match="another process is at work in"):
        finetune(encoder, data, tmp_path / "out", **FAST)


def test_the_model_opens_in_transformers_with_the_same_logits(encoder, data, tmp_path):
    transformers = pytest.importorskip("transformers")
    out = finetune(encoder, data, tmp_path / "out", **{**FAST, "epochs": 1})
    theirs = transformers.Wav2Vec2ForCTC.from_pretrained(out / "model").eval()
    wave = torch.randn(1, 8000, generator=torch.Generator().manual_seed(0))
    wave = (wave - wave.mean()) / (wave.var(unbiased=False) + 1e-7).sqrt()
    with torch.no_grad():
        expected = theirs(wave).logits.log_softmax(-1)
        ours = load_recogniser(out, device="cpu").encode_batch(wave)
    torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-4)  # float32 through two layers
    tokenizer = transformers.Wav2Vec2CTCTokenizer.from_pretrained(out / "model")
    assert tokenizer.decode([3, 3, 0, 3, 2, 4]) == "aa b"
