import hashlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
import torch
from filelock import FileLock

from small_encoder import speech, write_folder
from sonovox._internal.errors import ArgumentError, TrainingInterruptedError
from sonovox.finetuning import FineTuner, FinetuneSettings, finetune
from sonovox.finetuning.run import run_finetuning
from sonovox.hub import load_weights
from sonovox.inference.load_recogniser import load_recogniser
from sonovox.integrations.peft import load_peft_adapter
from sonovox.models.wav2vec2 import from_huggingface, load_wav2vec2

PLAIN = {"device": "cpu", "epochs": 3, "batch_seconds": 1.5, "dev_share": 0.25, "learning_rate": 0.01}
FAST = {**PLAIN, "quiet": True}


def tensors_of(folder):
    return load_weights(folder / "model" / "model.safetensors")


def weights_of(folder):
    tensors = tensors_of(folder)
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
    more = FinetuneSettings(str(encoder), str(data), out, **{**PLAIN, "epochs": 2})
    run_finetuning(more, quiet=True)  # more of the same may be asked for
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


# Nothing by chance, as processes draw other numbers than one does.
SURE = {f"encoder_{name}": 0.0 for name in ("projection_dropout", "attention_dropout", "ff_interm_dropout", "dropout")}
SHARED = {"epochs": 3, "batch_seconds": 1.0, "dev_share": 0.25, "learning_rate": 0.01, "mask_time": 0.0}
SHARED_WORDS = [word for name, value in SHARED.items() for word in (f"--{name.replace('_', '-')}", str(value))]


@pytest.fixture(scope="module")
def sure_encoder(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("sure") / "encoder", **SURE, encoder_layer_drop=0.0)


@pytest.fixture
def two(tmp_path, data, sure_encoder):
    """`two("out", "--lora")`: the command in two processes under torchrun."""

    def start(out, *more, restarts=0):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", f"--max-restarts={restarts}"]
        command += [f"--master-port={port}", "-m", "sonovox", "finetune", sure_encoder, data, "--out", tmp_path / out]
        environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment}
        return subprocess.Popen([*map(str, command), "--device", "cpu", *SHARED_WORDS, *more], **pipes)

    return start


def assert_ended_well(process):
    said, told = process.communicate(timeout=240)
    assert process.returncode == 0, told[-3000:]
    return said, told


@pytest.mark.slow
def test_two_processes_are_one_with_doubled_accumulation(two, data, sure_encoder, tmp_path):
    one = finetune(sure_encoder, data, tmp_path / "one", device="cpu", accumulate=2, quiet=True, **SHARED)
    said, told = assert_ended_well(two("two"))
    assert said.count("sonovox transcribe") == 1
    assert told.count("pairs       ") == 1
    assert "processes   2, which learn from a batch of 1 s each at a time, 2 to an update" in told
    ours, theirs = tensors_of(tmp_path / "two"), tensors_of(one)
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, theirs[name], rtol=0, atol=1e-6)
    # The dev set has three items, which two processes cannot share alike; all of them are counted.
    both = [json.loads((tmp_path / out / "results.json").read_text()) for out in ("one", "two")]
    assert both[0] == both[1]


@pytest.mark.slow
def test_a_process_that_is_killed_costs_nothing(two, tmp_path):
    assert_ended_well(two("whole", "--lora-rank", "2"))
    process = two("killed", "--lora-rank", "2")
    log = tmp_path / "killed" / "train_log.txt"
    while not log.exists() and process.poll() is None:
        time.sleep(0.02)
    listed = ["ps", "-o", "pid=", "--ppid", str(process.pid)]
    ranks = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
    os.kill(int(ranks[-1]), signal.SIGKILL)
    process.communicate(timeout=240)
    assert process.returncode != 0
    _, told = assert_ended_well(two("killed", "--lora-rank", "2"))
    assert "going on with the run" in told
    for name, tensor in tensors_of(tmp_path / "killed").items():
        assert torch.equal(tensor, tensors_of(tmp_path / "whole")[name])


@pytest.mark.slow
def test_a_mistake_is_told_once(two, data, tmp_path):
    for file in data.glob("*.txt"):
        file.unlink()
    process = two("out")
    _, told = process.communicate(timeout=240)
    assert process.returncode != 0
    assert told.count("0 pairs of sound and text") == 1
    assert not (tmp_path / "out").exists()
