"""A language model of letters, from any texts: recurrent or transformer, by its YAML file.

    sonovox train recipes/lm/hparams/rnnlm.yaml --code recipes/lm/train.py --data_folder TEXTS

TEXTS is a folder: its .txt files, a sentence a line, and the texts of its manifest.jsonl files are taken.
"""

import json
import math
import zlib
from pathlib import Path

from sonovox.data import DynamicItemDataset, provides, takes
from sonovox.errors import DataError
from sonovox.losses import nll_loss
from sonovox.text.basic import normalize_basic
from sonovox.training import Brain, Stage, update_learning_rate

LONGEST = 400  # letters of a sentence; one of a thousand would decide how long a batch takes


class LanguageModel(Brain):
    """Foretells each letter from those before it; the perplexity of held-out sentences chooses the checkpoint."""

    def compute_forward(self, batch, stage):
        letters, _ = batch.to(self.device).letters_bos
        return self.hparams.log_softmax(self.modules.model(letters))

    def compute_objectives(self, predictions, batch, stage):
        letters, lengths = batch.letters_eos
        loss = nll_loss(predictions, letters, length=lengths)
        if stage is not Stage.TRAIN:
            count = sum(len(text) + 1 for text in batch.text)
            self.nats += loss.item() * count
            self.letters += count
        return loss

    def on_stage_start(self, stage, epoch=None):
        self.nats, self.letters = 0.0, 0

    def on_fit_batch_end(self, batch, outputs, loss, should_step):
        if should_step and "warmup" in vars(self.hparams):
            self.hparams.warmup(self.optimizer)

    def on_stage_end(self, stage, stage_loss, epoch=None):
        if stage is Stage.TRAIN:
            self.train_stats = {"loss": stage_loss}
            return
        stats = {"loss": stage_loss, "perplexity": math.exp(self.nats / self.letters)}
        if stage is Stage.VALID:
            rate = self.learning_rates()[0]
            if "lr_annealing" in vars(self.hparams):
                update_learning_rate(self.optimizer, self.hparams.lr_annealing(stage_loss)[1])
            self.hparams.train_logger.log_stats({"epoch": epoch, "lr": rate}, self.train_stats, stats)
            self.checkpointer.save_and_keep_only(meta={"perplexity": stats["perplexity"]}, min_keys=["perplexity"])
        else:
            self.hparams.train_logger.log_stats({"tested epoch": self.hparams.epoch_counter.current}, test_stats=stats)


def sentences(folder):
    """Every different sentence in the texts of a folder, in lower case and without signs."""
    found = {}
    for file in sorted(Path(folder).rglob("*.txt")):
        found |= dict.fromkeys(map(normalize_basic, file.read_text(encoding="utf-8").splitlines()))
    for file in sorted(Path(folder).rglob("manifest.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            found[normalize_basic(json.loads(line).get("text") or "")] = None
    return [text for text in found if len(text.split()) > 2 and len(text) <= LONGEST]


def datasets(hparams):
    """Of ten sentences eight for training, one to watch it, one for the test, by the sentence itself."""
    texts = sentences(hparams["data_folder"])
    if len(texts) < 10:
        raise DataError(f"{hparams['data_folder']} has {len(texts)} sentences", hint="--data_folder TEXTS, ten or more")
    encoder = hparams["encoder"]
    encoder.insert_bos_eos(bos_label="<s>", eos_label="</s>", bos_index=1, eos_index=2)
    encoder.update_from_iterable(texts)
    encoder.add_unk()
    encoder.expect_len(len(encoder))
    if len(encoder) > hparams["letters"]:
        raise DataError(f"the texts have {len(encoder)} letters", hint=f"--letters {len(encoder)}")

    @takes("text")
    @provides("letters_bos", "letters_eos")
    def encode(text):
        letters = encoder.encode_sequence_torch(text)
        yield encoder.prepend_bos_index(letters)
        yield encoder.append_eos_index(letters)

    parts = {"train": {}, "valid": {}, "test": {}}
    for number, text in enumerate(texts):
        tenth = zlib.crc32(text.encode()) % 10
        parts["test" if tenth == 0 else "valid" if tenth == 1 else "train"][f"sentence{number:06}"] = {"text": text}
    sets = {name: DynamicItemDataset(part) for name, part in parts.items()}
    for each in sets.values():
        each.add_dynamic_item(encode)
        each.set_output_keys(["id", "text", "letters_bos", "letters_eos"])
    return sets
