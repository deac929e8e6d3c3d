import subprocess
import sys
from pathlib import Path

import pytest

from sonovox._internal.errors import ArgumentError, ChoiceError, HubError, WriteError
from sonovox.finetuning import FinetuneSettings


def settings(tmp_path, **changes):
    (tmp_path / "data").mkdir(exist_ok=True)
    given = {"encoder": "facebook/wav2vec2-base", "data": str(tmp_path / "data"), "out": tmp_path / "out"}
    return FinetuneSettings(**{**given, **changes})


@pytest.mark.parametrize(
    ("changes", "kind", "text"),
    [
        ({"normalize": "leters"}, ChoiceError, "did you mean letters?"),
        ({"precision": "bf61"}, ChoiceError, "did you mean bf16?"),
        ({"split": "speakers"}, ChoiceError, "did you mean speaker?"),
        ({"epochs": 0}, ArgumentError, "epochs must be at least 1, got 0"),
        ({"learning_rate": 0.0}, ArgumentError, "learning_rate must be above 0 and at most 1, got 0"),
        ({"dev_share": 1.0}, ArgumentError, "dev_share must be above 0 and at most 0.9, got 1"),
        ({"encoder": "./nowhere"}, HubError, "no such file or folder"),
        ({"encoder": "https://host/model.pt"}, ArgumentError, "encoder must be a folder or a repository"),
        ({"data": "nowhere/at all"}, ArgumentError, "there is no folder or file nowhere/at all; for the data set"),
        ({"data": "/nowhere"}, ArgumentError, "there is no folder or file /nowhere; is the path right?"),
        ({"data": __file__}, ArgumentError, "its ending is .py"),
        ({"dev": "/nowhere"}, ArgumentError, "there is no folder or file /nowhere"),
        ({"out": Path(__file__)}, WriteError, "is a file"),
        ({"out": Path(__file__).parent}, ArgumentError, "holds something else"),
    ],
)
def test_what_cannot_be_is_told(tmp_path, changes, kind, text):
    with pytest.raises(kind, match=text.replace("?", r"\?").replace(".", r"\.")):
        settings(tmp_path, **changes)


def test_a_folder_without_a_model_is_told(tmp_path):
    with pytest.raises(ArgumentError, match=r"holds no config\.json"):
        settings(tmp_path, encoder=str(tmp_path / "data"))


def test_the_folder_of_an_earlier_run_stands_for_its_model(tmp_path):
    (tmp_path / "earlier" / "model").mkdir(parents=True)
    (tmp_path / "earlier" / "model" / "config.json").touch()
    assert settings(tmp_path, encoder=str(tmp_path / "earlier")).encoder == str(tmp_path / "earlier" / "model")


@pytest.mark.parametrize(("given", "rank"), [({}, 0), ({"lora": True}, 16), ({"lora_rank": 4}, 4)])
def test_a_rank_asks_for_adapters(tmp_path, given, rank):
    assert settings(tmp_path, **given).adapter_rank == rank


@pytest.mark.parametrize("more", [{"encoder_learning_rate": 0.0}, {"freeze_feature_extractor": False}])
def test_adapters_leave_the_encoder_as_it_is_and_must_learn(tmp_path, more):
    with pytest.raises(ArgumentError, match=r"--lora and --.* exclude each other"):
        settings(tmp_path, lora=True, **more)


def test_no_encoder_learning_rate_is_no_mistake(tmp_path):
    assert settings(tmp_path, encoder_learning_rate=0.0).encoder_learning_rate == 0


def test_only_what_changes_the_result_must_be_repeated(tmp_path):
    one = settings(tmp_path)
    former = {**one.as_plain(), "device": "cuda", "epochs": 99, "workers": 3}
    assert one.differences(former) == []
    assert one.differences({**former, "normalize": "none"}) == ["--normalize none (now letters)"]


def test_a_data_set_in_memory_is_known_by_its_size_and_fingerprint(tmp_path):
    class Rows(list):
        _fingerprint = "ab12"

    assert settings(tmp_path, data=Rows([1, 2])).as_plain()["data"] == "Rows of 2 rows ab12"


def test_checking_takes_no_torch():
    code = "import sys; from sonovox.finetuning import FinetuneSettings as F\ntry: F('a/b', 'no', None)\n"
    code += "except ValueError: pass\nsys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
