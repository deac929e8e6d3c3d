import hashlib
import json
import logging
import signal

import pytest
import torch
from filelock import FileLock

from sonovox._internal.errors import ArgumentError, TrainingInterruptedError
from sonovox.finetuning import FineTuner, FinetuneSettings, finetune
from sonovox.finetuning.run import run_finetuning
from sonovox.hub import load_weights
from sonovox.inference.load_recogniser import load_recogniser

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


def test_a_run_that_was_stopped_goes_on_exactly(encoder, data, tmp_path, monkeypatch, heard):
    whole = finetune(encoder, data, tmp_path / "whole", **FAST)
    count, original = [0], FineTuner.on_fit_batch_end

    def stop_in_the_second_epoch(self, *arguments):
        count[0] += 1
        if count[0] == 7:
            signal.raise_signal(signal.SIGTERM)
        original(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(FineTuner, "on_fit_batch_end", stop_in_the_second_epoch)
        with pytest.raises(TrainingInterruptedError, match="the same command goes on from here"):
            finetune(encoder, data, tmp_path / "stopped", **FAST)
    stopped = finetune(encoder, data, tmp_path / "stopped", **FAST)
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


def test_it_is_no_matter_of_several_processes(encoder, data, tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ArgumentError, match="runs in one process"):
        run_finetuning(FinetuneSettings(str(encoder), str(data), tmp_path / "out"))


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
