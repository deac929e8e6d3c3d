"""The examples run, on model folders of SpeechBrain and on real speech."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest
import torch

from hub.conftest import _own_machine, hub_server, web  # noqa: F401

EXAMPLES = Path(__file__).parent.parent / "examples"
ASR, SPEAKERS, SEPARATOR = "asr-crdnn-rnnlm/model", "spkrec-ecapa/model", "sepformer/model"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location(
        "pretrained_and_finetuning", EXAMPLES / "pretrained_and_finetuning.py"
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture
def recordings(speech_manifest, tmp_path):
    """A folder with the manifest of three short recordings of two speakers each."""
    folder, items = tmp_path / "recordings", []
    for speaker in ("1688", "2414"):
        own = [item for item in speech_manifest("librispeech") if item["speaker"] == speaker]
        items += sorted(own, key=lambda item: item["duration"])[:3]
    folder.mkdir()
    lines = [json.dumps({**item, "audio": str(item["audio"])}) for item in items]
    (folder / "manifest.jsonl").write_text("\n".join(lines))
    return folder


def test_pretrained_and_finetuning(example, recordings, speechbrain_reference, tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="the example draws, with the extra [plot]")
    folders = {"--asr": ASR, "--speakers": SPEAKERS, "--separator": SEPARATOR}
    words = [word for option, folder in folders.items() for word in (option, str(speechbrain_reference / folder))]
    output = tmp_path / "out"
    example.main(["--recordings", str(recordings), "--output", str(output), "--batch-size", "3", *words])
    told = capsys.readouterr().out
    assert told.startswith("6 recordings of 2 speakers")
    assert told.count("heard ") == 4
    assert "modules: encoder decoder lm_model" in told
    assert "weights of the folder and of the web are the same: True" in told
    for name in ("mix.wav", "source_0.wav", "source_1.wav", "speakers.png", "model_web/model.ckpt"):
        assert (output / name).stat().st_size > 1000
    items = json.loads((output / "data.json").read_text())
    assert len(items) == 6


def test_what_is_trained_on_is_the_model_that_transcribes(example, recordings, speechbrain_reference, tmp_path):
    asr = example.EncoderDecoderASR.from_hparams(speechbrain_reference / ASR)
    before = {name: parameter.clone() for name, parameter in asr.named_parameters()}
    dataset = example.dataset_for(asr, example.recordings_in(recordings), tmp_path / "data.json")
    assert list(dataset[0]) == ["id", "signal", "words", "tokens_list", "tokens_bos", "tokens_eos", "tokens"]
    assert dataset[0]["tokens_bos"].tolist() == [0, *dataset[0]["tokens_list"]]
    assert asr.tokenizer.decode_ids(dataset[0]["tokens_list"]) == dataset[0]["words"]
    example.finetune(asr, dataset, batch_size=3)
    changed = {name for name, parameter in asr.named_parameters() if not torch.equal(parameter, before[name])}
    assert any(name.startswith("mods.encoder.model") for name in changed)
    assert any(name.startswith("mods.decoder.dec") for name in changed)
    assert not any(name.startswith("mods.lm_model") for name in changed)
    assert not asr.training


def test_weights_come_from_a_hub_too(example, hub_server, speechbrain_reference, tmp_path):  # noqa: F811
    folder = speechbrain_reference / SPEAKERS
    hub_server.put("embedding_model.ckpt", (folder / "embedding_model.ckpt").read_bytes(), large=True)
    model = example.pretrain_from(
        f"{hub_server.repository}/embedding_model.ckpt", folder / "hyperparams.yaml", tmp_path / "copies"
    )
    local = example.pretrain_from(str(folder / "embedding_model.ckpt"), folder / "hyperparams.yaml")
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), local.parameters(), strict=True))
    assert (tmp_path / "copies" / "model.ckpt").exists()


def test_principal_components_are_those_of_the_covariance(example):
    vectors = torch.randn(30, 5, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 9.0, 2.0, 5.0, 3.0])
    points = example.principal_components(vectors)
    largest = torch.linalg.eigvalsh(vectors.T.cov()).flip(0)[:2]
    torch.testing.assert_close(points.var(dim=0), largest)


def test_recordings_of_librispeech_are_found_by_their_texts(example, tmp_path):
    import sonovox

    chapter = tmp_path / "1272" / "135031"
    chapter.mkdir(parents=True)
    sonovox.save(chapter / "1272-135031-0000.flac", torch.zeros(1, 8000), 16000)
    (chapter / "1272-135031.trans.txt").write_text("1272-135031-0000 BECAUSE YOU\n")
    assert example.recordings_in(tmp_path) == {
        "1272-135031-0000": {
            "file_path": str(chapter / "1272-135031-0000.flac"),
            "words": "BECAUSE YOU",
            "length": 0.5,
            "speaker": "1272",
        }
    }
