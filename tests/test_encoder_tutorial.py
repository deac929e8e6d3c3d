"""The first tutorial's YAML as it stands there, and its Brain: a wav2vec 2.0 under a CRDNN's decoder, two optimisers.

The YAML is read from the tutorial. What it leaves out ("[...]") is filled in, Whisper is removed as it says, the width
of the encoder is that of a small one with random weights, and one name that it never defines is that which it means.
"""

import re
import signal
import textwrap

import pytest
import torch
from torch.nn.functional import pad

import sonovox as sb
from conftest import SHARED
from small_encoder import write_folder
from sonovox._internal.errors import TrainingInterruptedError
from sonovox.data import CTCTextEncoder, DynamicItemDataset, read_audio
from sonovox.decoding import ctc_greedy_decode
from sonovox.hparams import load_hparams
from sonovox.losses import ctc_loss, nll_loss
from sonovox.metrics import ErrorRateStats
from sonovox.training import FileTrainLogger, seed_everything, update_learning_rate

NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
LEFT_OUT = """
save_folder: !ref <output_folder>/save
output_folder: !PLACEHOLDER
lr: 0.005
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


class ASR(sb.Brain):
    """The tutorial's hooks, with its "[...]" filled in."""

    def compute_forward(self, batch, stage):
        wavs, self.wav_lens = batch.to(self.device).sig
        feats = self.modules.wav2vec2(wavs, self.wav_lens)
        x = self.modules.enc(feats)
        letters, _ = batch.letters
        states, _ = self.modules.dec(self.modules.emb(pad(letters, (1, 0))), x, self.wav_lens)
        return self.modules.ctc_lin(x).log_softmax(-1), self.modules.seq_lin(states).log_softmax(-1)

    def compute_objectives(self, predictions, batch, stage):
        (p_ctc, p_seq), (letters, lens) = predictions, batch.letters
        if stage is not sb.Stage.TRAIN:
            found = self.hparams.tokenizer.decode_ndim(ctc_greedy_decode(p_ctc, self.wav_lens, blank_id=0))
            self.wer_metric.append(batch.id, [["".join(each)] for each in found], [[text] for text in batch.text])
        loss_ctc = ctc_loss(p_ctc, letters, self.wav_lens, lens, blank_index=0)
        counts = (lens * letters.shape[1]).round().long()
        loss_seq = nll_loss(p_seq, pad(letters, (0, 1)), length=(counts + 1) / p_seq.shape[1])  # 0 is the end too
        return 0.5 * loss_ctc + 0.5 * loss_seq

    def init_optimizers(self):
        self.pretrained_optimizer = self.hparams.pretrained_opt_class(self.modules.wav2vec2.parameters())
        self.adam_optimizer = self.hparams.adam_opt_class(self.hparams.model.parameters())

    def on_stage_start(self, stage, epoch=None):
        self.wer_metric = ErrorRateStats()

    def on_stage_end(self, stage, stage_loss, epoch):
        if stage is sb.Stage.TRAIN:
            self.train_stats = {"loss": stage_loss}
        if stage is sb.Stage.VALID:
            wer = self.wer_metric.summarize("error_rate")
            old_lr_adam, new_lr_adam = self.hparams.lr_annealing_adam(wer)
            old_lr_pretrained, new_lr_pretrained = self.hparams.lr_annealing_pretrained(wer)
            update_learning_rate(self.adam_optimizer, new_lr_adam)
            update_learning_rate(self.pretrained_optimizer, new_lr_pretrained)
            self.hparams.train_logger.log_stats(
                stats_meta={"epoch": epoch, "lr_adam": old_lr_adam, "lr_wav2vec": old_lr_pretrained},
                train_stats=self.train_stats,
                valid_stats={"loss": stage_loss, "WER": wer},
            )
            self.checkpointer.save_and_keep_only(meta={"WER": wer}, min_keys=["WER"])

    def fit_batch(self, batch):
        outputs = self.compute_forward(batch, sb.Stage.TRAIN)
        loss = self.compute_objectives(outputs, batch, sb.Stage.TRAIN)
        loss.backward()
        if self.check_gradients(loss):
            self.pretrained_optimizer.step()
            self.adam_optimizer.step()
        self.pretrained_optimizer.zero_grad()
        self.adam_optimizer.zero_grad()
        if self.optimizer_step == self.stop_at:
            signal.raise_signal(signal.SIGTERM)
        return loss.detach().cpu()


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
    brain = ASR(
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
