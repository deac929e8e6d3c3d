"""Which of ten words was spoken: an x-vector network with a classifier.

    sonovox train recipes/keyword/digits/hparams/train.yaml --code recipes/keyword/digits/train.py --data_folder DIGITS

DIGITS is a copy of the Free Spoken Digit Dataset (README.md says where it is). The
same command goes on where a run was stopped.
"""

from pathlib import Path

from sonovox.augment import item_seeds
from sonovox.data import DynamicItemDataset, read_audio
from sonovox.datasets import read_spoken_digits
from sonovox.datasets.spoken_digits import NAMES
from sonovox.losses import nll_loss
from sonovox.metrics import ClassificationStats
from sonovox.training import Brain, Stage, update_learning_rate


class Spotter(Brain):
    """Learns words by their likelihood; the loss in validation chooses the checkpoint."""

    def compute_forward(self, batch, stage):
        batch = batch.to(self.device)
        signals, lengths = batch.sig
        epoch = self.hparams.epoch_counter.current
        if stage is Stage.TRAIN:
            seeds = item_seeds(self.hparams.seed, epoch, batch.id)
            signals, lengths = self.hparams.wav_augment(signals, lengths, seeds=seeds)
        features = self.modules.compute_features(signals)
        features = self.modules.mean_var_norm(features, lengths, epoch=epoch)
        return self.modules.classifier(self.modules.embedding_model(features, lengths))  # (batch, 1, words)

    def compute_objectives(self, log_probs, batch, stage):
        if stage is not Stage.TRAIN:
            words = self.hparams.label_encoder.decode_torch(log_probs.squeeze(1).argmax(1))
            self.words.append(batch.id, words, batch.text)
        return nll_loss(log_probs, batch.label.data)

    def on_stage_start(self, stage, epoch=None):
        self.words = ClassificationStats()

    def on_stage_end(self, stage, stage_loss, epoch=None):
        stats = {"loss": stage_loss}
        if stage is Stage.TRAIN:
            self.train_stats = stats
            return
        stats["error"] = 100 * (1 - self.words.summarize("accuracy"))
        if stage is Stage.VALID:
            rate, new_rate = self.hparams.lr_annealing(epoch)
            update_learning_rate(self.optimizer, new_rate)
            self.hparams.train_logger.log_stats({"epoch": epoch, "lr": rate}, self.train_stats, stats)
            self.checkpointer.save_and_keep_only(meta=stats, min_keys=["loss"])
        else:
            self.hparams.train_logger.log_stats({"tested epoch": self.hparams.epoch_counter.current}, test_stats=stats)
            with (Path(self.hparams.output_folder) / "words_test.txt").open("w") as file:
                self.words.write_stats(file)


def datasets(hparams):
    items = read_spoken_digits(hparams["data_folder"])
    encoder = hparams["label_encoder"]
    encoder.update_from_iterable(NAMES)

    sets = {name: DynamicItemDataset(part) for name, part in items.items()}
    for each in sets.values():
        each.add_dynamic_item(read_audio, takes="wav", provides="sig")
        each.add_dynamic_item(encoder.encode_label_torch, takes="text", provides="label")
        each.set_output_keys(["id", "sig", "text", "label"])
    return sets
