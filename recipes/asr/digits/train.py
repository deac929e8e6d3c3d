"""Spoken digits to their names: a recogniser that spells, trained with CTC.

    sonovox train recipes/asr/digits/hparams/train.yaml --code recipes/asr/digits/train.py --data_folder DIGITS

DIGITS is a copy of the Free Spoken Digit Dataset (README.md says where it is). The
same command goes on where a run was stopped; the folder of results is a model.
"""

import random
from pathlib import Path

from sonovox import functional
from sonovox.data import DynamicItemDataset, provides, read_audio, takes
from sonovox.datasets import read_spoken_digits
from sonovox.datasets.spoken_digits import NAMES
from sonovox.inference import save_pretrained
from sonovox.losses import ctc_loss
from sonovox.metrics import ErrorRateStats
from sonovox.training import AnnealingBrain, Stage


class Speller(AnnealingBrain):
    """Learns letters with CTC; the error rate of the words chooses the checkpoint."""

    def compute_forward(self, batch, stage):
        batch = batch.to(self.device)
        signals, lengths = batch.sig
        return self.modules.encoder(signals, lengths), lengths

    def compute_objectives(self, predictions, batch, stage):
        log_probs, lengths = predictions
        letters, letter_lengths = batch.letters
        if stage is not Stage.TRAIN:
            decoded = self.hparams.decoding_function(log_probs, lengths)
            words = ["".join(spelled) for spelled in self.hparams.tokenizer.decode_ndim(decoded)]
            self.errors.append(batch.id, [[word] for word in words], [[word] for word in batch.text])
        return ctc_loss(log_probs, letters, lengths, letter_lengths, self.hparams.blank_index)

    def on_stage_start(self, stage, epoch=None):
        self.errors = ErrorRateStats()

    def stage_stats(self, stage):
        if stage is Stage.TEST:
            self.write_stats(self.errors, "wer_test.txt")
        return {"WER": self.errors.summarize("error_rate")}


def datasets(hparams):
    items = read_spoken_digits(hparams["data_folder"])
    tokenizer = hparams["tokenizer"]
    tokenizer.insert_blank(index=hparams["blank_index"])
    tokenizer.update_from_iterable(NAMES)

    @takes("text")
    @provides("letters")
    def spell(text):
        return tokenizer.encode_sequence_torch(text)

    @takes("wav")
    @provides("sig")
    def read_at_some_speed(wav):
        signal = read_audio(wav)
        rate, speeds = hparams["sample_rate"], hparams["speeds"]
        return functional.speed(signal, rate, random.choice(speeds))[0]

    sets = {name: DynamicItemDataset(part) for name, part in items.items()}
    for name, each in sets.items():
        if name == "train":
            each.add_dynamic_item(read_at_some_speed)
        else:
            each.add_dynamic_item(read_audio, takes="wav", provides="sig")
        each.add_dynamic_item(spell)
        each.set_output_keys(["id", "sig", "text", "letters"])
    return sets


def finish(brain):
    """Make a model of the results, which `sonovox transcribe --model` opens."""
    hparams = brain.hparams
    save_pretrained(
        Path(hparams.output_folder) / "model",
        Path(hparams.output_folder) / "train.yaml",
        interface="EncoderASR",
        keys=["sample_rate", "modules", "decoding_function"],
        loadables={"encoder": hparams.encoder, "tokenizer": hparams.tokenizer},
        title="Spoken digits",
        description="English digits, one a recording, of six speakers; trained on the Free Spoken Digit Dataset.",
        results={"WER of the official test split": f"{brain.test_stats['WER']:.2f} %"},
    )
