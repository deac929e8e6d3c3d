"""The first tutorial's YAML as it stands there, under the Brain of the recipe that is made of it.

The YAML is read from the tutorial. What it leaves out ("[...]") is filled in, Whisper is removed as it says, the width
of the encoder is that of a small one with random weights, and one name that it never defines is that which it means.
"""

import re
import runpy
import signal
import textwrap
from pathlib import Path

import pytest
import torch

from conftest import SHARED
from small_encoder import write_folder
from sonovox._internal.errors import TrainingInterruptedError
from sonovox.data import CTCTextEncoder, DynamicItemDataset, read_audio
from sonovox.hparams import load_hparams
from sonovox.training import FileTrainLogger, seed_everything

NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
RECIPE = Path(__file__).parent.parent / "recipes" / "asr" / "ctc_encoder"
LEFT_OUT = """
save_folder: !ref <output_folder>/save
output_folder: !PLACEHOLDER
lr: 0.005
ctc_weight: 0.5
activation: !name:torch.nn.LeakyReLU
dnn_layers: 1
dnn_neurons: 32
emb: !new:speechbrain.nnet.embedding.Embedding
  num_embeddings: 16
  embedding_dim: 8
dec: !new:speechbrain.nnet.RNN.AttentionalRNNDecoder
  rnn_type: gru
  attn_type: location
  enc_dim: 32
  input_size: 8
  hidden_size: 16
  attn_dim: 16
  num_layers: 1
  channels: 4
  kernel_size: 9
ctc_lin: !new:speechbrain.nnet.linear.Linear
  input_size: 32
  n_neurons: 16
seq_lin: !new:speechbrain.nnet.linear.Linear
  input_size: 16
  n_neurons: 16
epoch_counter: !new:speechbrain.utils.epoch_loop.EpochCounter
  limit: 3
"""


def tutorial_yaml():
    """The YAML of the section on fine-tuning, without Whisper."""
    files = sorted((SHARED / "seeds").glob("000_*.txt"))
    if not files:
        pytest.skip("needs ../shared/seeds, which is absent")
    blocks = re.findall(r"```yaml\n(.*?)```", files[0].read_text(encoding="utf-8"), re.DOTALL)
    text = textwrap.dedent(next(block for block in blocks if "adam_opt_class" in block))
    text = re.sub(r"^\[\.\.\.\]\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^whisper: !new.*?\n(?=\s*\n|#)", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^ *whisper.*: .*\n", "", text, flags=re.MULTILINE)
    text = text.replace("[null, null, 1024]", "[null, null, 16]")
    return LEFT_OUT + text.replace("!ref <lr_annealing_wav2vec>", "!ref <lr_annealing_pretrained>")


def stopping(brain_class):
    """A Brain that is told to stop after the batch `stop_at`."""

    class Stopping(brain_class):
        def fit_batch(self, batch):
            loss = super().fit_batch(batch)
            if self.optimizer_step == self.stop_at:
                signal.raise_signal(signal.SIGTERM)
            return loss

    return Stopping


def train(folder, encoder, items, *, batches=None):
    """All epochs, or a signal after so many batches."""
    seed_everything(5, verbose=False)
    hparams = load_hparams(
        tutorial_yaml(), {"output_folder": str(folder), "wav2vec2_hub": str(encoder)}, code=["sonovox.training"]
    )
    tokenizer = CTCTextEncoder()
    tokenizer.insert_blank(index=0)
    tokenizer.update_from_iterable(NAMES)
    hparams |= {"tokenizer": tokenizer, "train_logger": FileTrainLogger(folder / "train_log.txt")}
    data = DynamicItemDataset(items)
    data.add_dynamic_item(lambda wav: read_audio(wav, sample_rate=16000), takes="wav", provides="sig")
    data.add_dynamic_item(tokenizer.encode_sequence_torch, takes="text", provides="letters")
    data.set_output_keys(["id", "sig", "text", "letters"])
    brain = stopping(runpy.run_path(str(RECIPE / "tutorial.py"))["ASR"])(
        hparams["modules"],
        hparams=hparams,
        run_opts={"device": "cpu"},
        checkpointer=hparams["checkpointer"],
    )
    brain.stop_at = batches
    loaders = {"batch_size": 4}
    brain.fit(
        hparams["epoch_counter"],
        data,
        data.filtered_sorted(select_n=8),
        progressbar=False,
        train_loader_kwargs={**loaders, "shuffle": True},
        valid_loader_kwargs=loaders,
    )
    return brain


def test_the_recipe_has_all_that_the_tutorial_has():
    def keys(text):
        return set(re.findall(r"^ *(\w+):", text, flags=re.MULTILINE))

    recipe = (RECIPE / "hparams" / "tutorial.yaml").read_text(encoding="utf-8")
    # The last is a name that the tutorial gives a schedule which has another one elsewhere.
    assert keys(tutorial_yaml()) - keys(recipe) == {"lr_annealing_wav2vec"}


@pytest.fixture
def digits(speech_manifest):
    """Two recordings of each digit."""
    chosen = [item for item in speech_manifest("digits") if item["index"] == 10 and item["speaker"] in "theo george"]
    return {item["audio"].stem: {"wav": str(item["audio"]), "text": item["text"]} for item in chosen}


def test_it_trains_with_both_rates_in_the_log_and_goes_on_exactly(tmp_path, digits):
    encoder = write_folder(tmp_path / "encoder")
    whole = train(tmp_path / "whole", encoder, digits)
    with pytest.raises(TrainingInterruptedError):
        train(tmp_path / "stopped", encoder, digits, batches=7)
    resumed = train(tmp_path / "stopped", encoder, digits)
    log = (tmp_path / "whole" / "train_log.csv").read_text()
    assert (tmp_path / "stopped" / "train_log.csv").read_text() == log
    for name, weight in whole.modules.state_dict().items():
        assert torch.equal(weight, resumed.modules.state_dict()[name]), name
    head, *rows = [line.split(",") for line in log.splitlines()]
    assert head[:4] == ["epoch", "lr_adam", "lr_wav2vec", "train loss"]
    # A word error rate that stays at 100 % anneals by 0.8 and 0.9 after the second epoch.
    assert [row[1:3] for row in rows] == [["0.005", "0.0001"], ["0.005", "0.0001"], ["0.004", "9e-05"]]
    losses = [float(row[3]) for row in rows]
    assert losses[2] < losses[0]
