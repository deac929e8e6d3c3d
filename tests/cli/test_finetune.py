import subprocess
import sys

import pytest

from small_encoder import write_folder


@pytest.fixture
def words(tmp_path, recording):
    """A small encoder and a folder of recordings with a mistake in it."""
    write_folder(tmp_path / "encoder")
    for number in range(8):
        recording(f"data/{number}.wav", seconds=0.4).with_suffix(".txt").write_text(["ab", "ba b"][number % 2])
    (tmp_path / "data" / "torn.wav").write_bytes(b"nothing")
    (tmp_path / "data" / "torn.txt").write_text("ab")
    return ["finetune", tmp_path / "encoder", tmp_path / "data", "--out", tmp_path / "out", "--device", "cpu"]


def test_a_model_is_made_and_transcribes(sonovox_here, words, tmp_path):
    code, said, told = sonovox_here(*words, "--epochs", 2, "--batch-seconds", 1)
    assert code == 0, told
    assert said == f"sonovox transcribe --model {tmp_path}/out file.wav\nsonovox push {tmp_path}/out owner/name\n"
    assert "1 unreadable sound: torn" in told
    assert "pairs       8, 3 s of sound" in told
    assert "epoch: 2, lr: " in told
    code, _, told = sonovox_here("transcribe", "--model", tmp_path / "out", tmp_path / "data" / "0.wav")
    assert code == 0, told


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (["--normalize", "leters"], "did you mean letters?"),
        (["--epochs", "0"], "epochs must be at least 1"),
        (["--batch-seconds", "-1"], "batch_seconds must be above 0"),
    ],
)
def test_mistakes_are_told_in_a_line_and_a_hint(sonovox_here, words, more, text):
    code, said, told = sonovox_here(*words, *more)
    assert (code, said) == (2, "")
    assert text in told
    assert "Traceback" not in told


def test_data_without_text_are_told_with_a_way_out(sonovox_here, words, tmp_path):
    for file in (tmp_path / "data").glob("*.txt"):
        file.unlink()
    code, _, told = sonovox_here(*words)
    assert code == 2
    assert "0 pairs of sound and text" in told
    assert not (tmp_path / "out").exists()


def test_options_are_checked_before_torch_is_imported(words):
    code = "import sys\nfrom sonovox.cli.main import main\ntry: main(sys.argv[1:])\nexcept SystemExit: pass\n"
    code += "sys.exit('torch' in sys.modules)"
    command = [sys.executable, "-c", code, *map(str, words), "--precision", "bf61"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
