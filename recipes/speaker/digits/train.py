"""Who is speaking: embeddings by ECAPA-TDNN, compared by their cosine.

    sonovox train recipes/speaker/digits/hparams/train.yaml --code recipes/speaker/digits/train.py --data_folder DIGITS

DIGITS is a copy of the Free Spoken Digit Dataset (README.md says where it is, and
which trials are made). The same command goes on where a run was stopped.
"""

import contextlib
from pathlib import Path

import torch
from torch.nn.functional import normalize

from sonovox.augment import item_seeds
from sonovox.data import DynamicItemDataset, read_audio
from sonovox.datasets import read_spoken_digits
from sonovox.errors import MissingDependencyError
from sonovox.metrics import EER, minDCF
from sonovox.metrics.det_plot import plot_det
from sonovox.training import Brain, Stage, update_learning_rate


class Verifier(Brain):
    """Learns to tell the speakers of the training apart; the equal error rate in validation chooses the checkpoint."""

    def compute_forward(self, batch, stage):
        batch = batch.to(self.device)
        signals, lengths = batch.sig
        epoch = self.hparams.epoch_counter.current
        if stage is Stage.TRAIN:
            seeds = item_seeds(self.hparams.seed, epoch, batch.id)
            signals, lengths = self.hparams.wav_augment(signals, lengths, seeds=seeds)
        features = self.modules.compute_features(signals)
        features = self.modules.mean_var_norm(features, lengths, epoch=epoch)
        return self.modules.embedding_model(features, lengths)  # (batch, 1, features)

    def compute_objectives(self, embeddings, batch, stage):
        if stage is not Stage.TRAIN:
            self.ids += batch.id
            self.speakers += batch.speaker
            self.embeddings.append(embeddings.squeeze(1).cpu())
        if stage is Stage.TEST:
            return torch.zeros(())  # trials of strangers have no loss
        return self.hparams.compute_cost(self.modules.classifier(embeddings), batch.label.data)

    def on_stage_start(self, stage, epoch=None):
        self.ids, self.speakers, self.embeddings = [], [], []

    def on_stage_end(self, stage, stage_loss, epoch=None):
        if stage is Stage.TRAIN:
            self.train_stats = {"loss": stage_loss}
            return
        pairs, is_target, scores = trials(self.speakers, torch.cat(self.embeddings))
        targets, others = scores[is_target], scores[~is_target]
        # Of the cost, 1 is what refusing everyone has.
        stats = {"EER": 100 * EER(targets, others)[0], "minDCF": minDCF(targets, others)[0] / 0.01}
        if stage is Stage.VALID:
            stats["loss"] = stage_loss
            rate, new_rate = self.hparams.lr_annealing(epoch)
            update_learning_rate(self.optimizer, new_rate)
            self.hparams.train_logger.log_stats({"epoch": epoch, "lr": rate}, self.train_stats, stats)
            self.checkpointer.save_and_keep_only(meta=stats, min_keys=["EER"])
        else:
            self.hparams.train_logger.log_stats({"tested epoch": self.hparams.epoch_counter.current}, test_stats=stats)
            folder = Path(self.hparams.output_folder)
            with (folder / "trials_test.txt").open("w") as file:
                for (a, b), same, score in zip(pairs.tolist(), is_target.tolist(), scores.tolist(), strict=True):
                    file.write(f"{int(same)} {self.ids[a]} {self.ids[b]} {score:.4f}\n")
            with contextlib.suppress(MissingDependencyError):  # the extra [plot]
                plot_det(targets, others, folder / "det_test.png")


def trials(speakers, embeddings):
    """Every pair of two recordings: `(pairs, 2)`, whether it is of one speaker, and the cosine of its embeddings."""
    pairs = torch.combinations(torch.arange(len(speakers)))
    number = torch.tensor([sorted(set(speakers)).index(speaker) for speaker in speakers])
    directions = normalize(embeddings)
    scores = (directions @ directions.T)[pairs[:, 0], pairs[:, 1]]
    return pairs, number[pairs[:, 0]] == number[pairs[:, 1]], scores


def datasets(hparams):
    """The official split; of speakers in `unseen` nothing is learnt, and the test is of them alone."""
    unseen = hparams["unseen"]
    items = {
        part: {
            item_id: item
            for item_id, item in all_of_part.items()
            if not unseen or (part == "test") == (item["speaker"] in unseen)
        }
        for part, all_of_part in read_spoken_digits(hparams["data_folder"]).items()
    }
    encoder = hparams["label_encoder"]
    encoder.update_from_iterable(sorted({item["speaker"] for item in items["train"].values()}))
    sets = {name: DynamicItemDataset(part) for name, part in items.items()}
    for name, each in sets.items():
        each.add_dynamic_item(read_audio, takes="wav", provides="sig")
        each.add_dynamic_item(encoder.encode_label_torch, takes="speaker", provides="label")
        each.set_output_keys(["id", "sig", "speaker"] + (["label"] if name != "test" else []))
    return sets
