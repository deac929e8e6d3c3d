"""Each recipe runs: two batches of two epochs, as `--debug` does it, on the data that are shared."""

import shutil
from pathlib import Path

import pytest

from small_corpora import fluent_speech_commands, iemocap, librispeech, speaker_folders, timit
from small_encoder import write_folder
from sonovox.cli.main import main
from talking_whisper import talking_whisper
from talking_whisper import write_folder as write_whisper

ROOT = Path(__file__).parent.parent
# YAML file -> folder of shared data, or what makes a corpus; the slow ones run with `make test-all`.
RECIPES = {
    "asr/ctc_encoder/hparams/attention.yaml": librispeech,
    "asr/ctc_encoder/hparams/digits.yaml": "digits",
    "asr/ctc_encoder/hparams/librispeech.yaml": librispeech,
    "asr/ctc_encoder/hparams/timit.yaml": timit,
    "asr/ctc_encoder/hparams/tutorial.yaml": "digits",
    "asr/digits/hparams/train.yaml": "digits",
    "asr/seq2seq/hparams/digits.yaml": "digits",
    "asr/seq2seq/hparams/digits_lm.yaml": "digits",
    "asr/seq2seq/hparams/librispeech.yaml": librispeech,
    "asr/transducer/hparams/digits.yaml": "digits",
    "asr/whisper/hparams/digits.yaml": "digits",
    "asr/whisper/hparams/librispeech.yaml": librispeech,
    "emotion/encoder/hparams/iemocap.yaml": iemocap,
    "keyword/digits/hparams/train.yaml": "digits",
    "lm/hparams/rnnlm.yaml": "ljspeech",
    "lm/hparams/transformer.yaml": "ljspeech",
    "slu/encoder/hparams/fluent_speech_commands.yaml": fluent_speech_commands,
    "speaker/digits/hparams/train.yaml": "digits",
    "speaker/encoder/hparams/folders.yaml": speaker_folders,
    "ssl/wav2vec2/hparams/train.yaml": "digits",
}
# Files of code, where it is not train.py alone.
CODE = {
    "asr/ctc_encoder/hparams/attention.yaml": ["train.py", "train_attention.py"],
    "asr/ctc_encoder/hparams/tutorial.yaml": ["tutorial.py"],
    "asr/seq2seq/hparams/digits_lm.yaml": ["train_lm.py"],
}
# Overrides that make the large ones small.
_CTC = "--wav2vec2_hub ENCODER --wav2vec2_dim 16 --dnn_neurons 8 --output_neurons"
_POOLED = "--wav2vec2_hub ENCODER --encoder_dim 16"
_WHISPER = "--whisper_hub WHISPER --longest_text 12"
SMALL = {
    "asr/ctc_encoder/hparams/attention.yaml": f"{_CTC} 7 --dec_neurons 8",
    "asr/ctc_encoder/hparams/digits.yaml": f"{_CTC} 16",
    "asr/ctc_encoder/hparams/librispeech.yaml": f"{_CTC} 7",
    "asr/ctc_encoder/hparams/timit.yaml": f"{_CTC} 5",
    "asr/ctc_encoder/hparams/tutorial.yaml": "--wav2vec2_hub ENCODER --wav2vec2_dim 16",
    "asr/seq2seq/hparams/librispeech.yaml": "--output_neurons 8 --rnn_layers 1 --rnn_neurons 8 --dec_neurons 8 "
    "--attn_dim 8 --lm_model.rnn_neurons 8 --cnn_channels [4,4] --dnn_neurons 8",
    "asr/whisper/hparams/digits.yaml": _WHISPER,
    "asr/whisper/hparams/librispeech.yaml": _WHISPER,
    "emotion/encoder/hparams/iemocap.yaml": _POOLED,
    "slu/encoder/hparams/fluent_speech_commands.yaml": f"{_POOLED} --slots.action=2 --slots.object=2 "
    "--slots.location=1",
    "speaker/encoder/hparams/folders.yaml": f"{_POOLED} --emb_dim 8 --n_speakers 2",
}


def train(recipe, tmp_path, monkeypatch, shared_data, *words):
    file = ROOT / "recipes" / recipe
    monkeypatch.chdir(tmp_path)
    source = RECIPES[recipe]
    folder = shared_data / source if isinstance(source, str) else source(tmp_path / "corpus")
    codes = [str(file.parent.parent / name) for name in CODE.get(recipe, ["train.py"])]
    arguments = ["train", str(file), *(word for code in codes for word in ("--code", code)), "--device", "cpu"]
    small = SMALL.get(recipe, "").split()
    if "ENCODER" in small:
        small[small.index("ENCODER")] = str(write_folder(tmp_path / "encoder"))
    if "WHISPER" in small:
        small[small.index("WHISPER")] = str(write_whisper(tmp_path / "whisper", talking_whisper(list(b" two"))))
    arguments += small
    with pytest.raises(SystemExit) as end:
        main([*arguments, "--data_folder", str(folder), *words])
    return end.value.code


def test_every_recipe_stands_in_the_table():
    assert {file.relative_to(ROOT / "recipes").as_posix() for file in (ROOT / "recipes").rglob("*.yaml")} == set(
        RECIPES
    )


@pytest.mark.parametrize(
    "recipe",
    [pytest.param(name, marks=[] if name == "lm/hparams/rnnlm.yaml" else pytest.mark.slow) for name in RECIPES],
)
def test_a_recipe_runs(recipe, tmp_path, monkeypatch, shared_data, capsys):
    code = train(recipe, tmp_path, monkeypatch, shared_data, "--debug")
    said = capsys.readouterr().err
    assert code == 0, said
    assert "epoch: 2" in said
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.mark.parametrize("recipe", ["asr/ctc_encoder/hparams/digits.yaml", "asr/digits/hparams/train.yaml"])
def test_data_that_are_not_there_are_told(recipe, tmp_path, monkeypatch, shared_data, capsys):
    monkeypatch.setitem(RECIPES, recipe, "nothing")
    assert train(recipe, tmp_path, monkeypatch, shared_data) == 2
    assert "there are no files such as 7_jackson_32.wav" in capsys.readouterr().err
