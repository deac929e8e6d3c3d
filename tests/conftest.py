"""Where tests find real speech and the numbers of other packages, and what skips when they are absent."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture(autouse=True)
def _same_numbers_every_time() -> None:
    """Random numbers of a test do not depend on which tests ran before it, so a failure comes again."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


def _folder(*parts: str) -> Path:
    folder = SHARED.joinpath(*parts)
    if not folder.is_dir():
        pytest.skip(f"needs {'/'.join(('../shared', *parts))}, which is absent")
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real speech."""
    return _folder("data")


@pytest.fixture(scope="session")
def speech_manifest(shared_data):
    """`speech_manifest("ljspeech")`: the items of a corpus, with absolute audio paths."""

    def read(corpus: str) -> list[dict]:
        folder = shared_data / corpus
        items = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
        return [{**item, "audio": folder / item["audio"]} for item in items]

    return read


@pytest.fixture(scope="session")
def torchaudio_reference() -> Path:
    """The folder of inputs, arguments and outputs that torchaudio itself produced."""
    return _folder("reference", "torchaudio")


@pytest.fixture(scope="session")
def speechbrain_layers() -> Path:
    """The folder of layers, losses, metrics and schedules with what SpeechBrain itself computed."""
    return _folder("reference", "speechbrain", "layers")


@pytest.fixture(scope="session")
def speechbrain_reference() -> Path:
    """The folder of models in SpeechBrain's layout, with inputs and outputs that SpeechBrain itself produced."""
    return _folder("reference", "speechbrain")


@pytest.fixture(scope="session")
def tiny_en():
    """OpenAI's tiny.en, ready to listen on the CPU."""
    from sonovox._internal.errors import HubError
    from sonovox.inference.asr import WhisperASR

    try:
        return WhisperASR.from_pretrained("tiny.en", device="cpu", offline=True)
    except HubError as error:
        pytest.skip(f"needs tiny.en in the cache (`sonovox models pull tiny.en`): {error.message}")


@pytest.fixture(scope="session")
def talking_model(tmp_path_factory) -> Path:
    """A folder with a model that says "the cat sat." from 0 to 2 s of every window."""
    from talking_whisper import said, talking_whisper, write_folder

    return write_folder(tmp_path_factory.mktemp("models") / "cat", talking_whisper(said("the cat sat.", 2.0)))
