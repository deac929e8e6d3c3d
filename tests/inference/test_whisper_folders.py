"""Folders as SpeechBrain publishes fine-tuned Whisper models: its block, a checkpoint, a searcher."""

import pytest
import torch

from sonovox.errors import ArgumentError
from sonovox.inference import WhisperASR, load_recogniser
from sonovox.inference.whisper_folders import WhisperFolder, holds_whisper
from sonovox.models.whisper.convert import to_huggingface
from talking_whisper import said, talking_whisper, write_folder

YAML = """
whisper_hub: openai/whisper-medium
whisper_folder: !ref <save_folder>/whisper_checkpoint
save_folder: results
language: "italian"
sample_rate: 16000
test_beam_size: 3

whisper: !new:speechbrain.lobes.models.huggingface_transformers.whisper.Whisper
    source: !ref <whisper_hub>
    freeze: True
    save_path: !ref <whisper_folder>
    encoder_only: False
decoder: !new:speechbrain.decoders.seq2seq.SEARCHER
    MODEL
    min_decode_ratio: 0.0
    max_decode_ratio: 1.0
modules:
    whisper: !ref <whisper>
    decoder: !ref <decoder>
pretrainer: !new:speechbrain.utils.parameter_transfer.Pretrainer
    loadables:
        whisper: !ref <whisper>
"""


@pytest.fixture(params=["greedy", "beam"])
def folder(request, tmp_path):
    """A block that says one thing, and a checkpoint for it that says another."""
    write_folder(tmp_path / "whisper-medium", talking_whisper(said("before", 1.0)))
    # The second token that the decoder reads says that there are no times; what follows the first is not asked for.
    tuned = to_huggingface(talking_whisper([*b"_after it"]).state_dict())
    names = {name: f"model.{name.removeprefix('model.')}" for name in tuned if "proj_out" not in name}
    theirs = {names[name]: tensor for name, tensor in tuned.items() if name in names}
    theirs["_mel_filters"] = torch.zeros(80, 201)  # SpeechBrain keeps it among the weights
    torch.save(theirs, tmp_path / "whisper.ckpt")
    if request.param == "greedy":
        yaml = YAML.replace("SEARCHER", "S2SWhisperGreedySearcher").replace("MODEL", "model: !ref <whisper>")
    else:
        beam = "module: [!ref <whisper>]\n    beam_size: !ref <test_beam_size>"
        yaml = YAML.replace("SEARCHER", "S2SWhisperBeamSearcher").replace("MODEL", beam)
    (tmp_path / "hyperparams.yaml").write_text(yaml.replace("italian", "english"))
    return tmp_path


@pytest.mark.parametrize("opened", [WhisperASR.from_hparams, load_recogniser])
def test_the_checkpoint_of_the_folder_speaks(folder, opened):
    recogniser = opened(folder)
    assert isinstance(recogniser, WhisperASR)
    heard = recogniser.transcribe(torch.zeros(16000), sample_rate=16000, temperatures=(0.0,), no_speech_threshold=None)
    assert heard.text.strip() == "after it"
    assert not recogniser.has_times
    assert recogniser.defaults["timestamps"] is False
    assert recogniser.defaults["beam_size"] in (1, 3)


def test_a_call_goes_before_the_folder(folder):
    recogniser = WhisperASR.from_hparams(folder, run_opts={"device": "cpu"}, use_auth_token=False)
    assert recogniser.check({}).timestamps is False
    assert recogniser.check({"timestamps": True}).timestamps is True


def test_overrides_and_arguments_are_checked(folder):
    with pytest.raises(ArgumentError, match="no argument freeze_param"):
        WhisperASR.from_hparams(folder, freeze_param=True)
    with pytest.raises(ArgumentError, match="WhisperASR needs a module whisper with its decoder"):
        WhisperASR.from_hparams(folder, overrides={"whisper": {"encoder_only": True}})


def test_a_file_is_heard_as_samples_are(folder, tmp_path):
    import sonovox

    sonovox.save(tmp_path / "a.wav", torch.zeros(1, 16000), 16000)
    recogniser = WhisperASR.from_hparams(folder)
    options = {"temperatures": (0.0,), "no_speech_threshold": None}
    assert recogniser.transcribe_file(tmp_path / "a.wav", **options).text.strip() == "after it"


def test_other_models_are_told():
    values = {"modules": {"encoder": torch.nn.Linear(1, 1)}}
    assert not holds_whisper(values)
    with pytest.raises(ArgumentError, match="the model has the modules encoder"):
        WhisperFolder(values["modules"], values)
