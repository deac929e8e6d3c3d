"""Which emotion a voice has: a pretrained encoder, the mean over time, a linear layer.

    sonovox train recipes/emotion/encoder/hparams/iemocap.yaml --code recipes/emotion/encoder/train.py --data_folder IEMOCAP

The encoder is frozen or learns with an optimiser and a schedule of its own. The same
command goes on where a run was stopped; the folder of results is a model.
"""  # noqa: E501

from pathlib import Path

from sonovox.data import DynamicItemDataset, read_audio
from sonovox.inference import save_pretrained
from sonovox.losses import nll_loss
from sonovox.metrics import ClassificationStats
from sonovox.training import Brain, Stage, update_learning_rate


class Listener(Brain):
    """Learns emotions by their likelihood; the error rate in validation chooses the checkpoint."""

    def compute_forward(self, batch, stage):
        signals, lengths = batch.to(self.device).sig
        features = self.modules.wav2vec2(signals, lengths)
        return self.hparams.log_softmax(self.modules.output_mlp(self.modules.avg_pool(features, lengths)))

    def compute_objectives(self, log_probs, batch, stage):
        labels = batch.label.data
        if stage is not Stage.TRAIN:
            found = self.hparams.label_encoder.decode_torch(log_probs.squeeze(1).argmax(1))
            self.emotions.append(batch.id, found, batch.emo)
        return nll_loss(log_probs, labels)

    def init_optimizers(self):
        self.model_optimizer = self.hparams.model_opt_class(self.hparams.model.parameters())
        self.optimizers_dict = {"model": self.model_optimizer}
        if not self.hparams.freeze:
            self.wav2vec2_optimizer = self.hparams.wav2vec2_opt_class(self.modules.wav2vec2.parameters())
            self.optimizers_dict["wav2vec2"] = self.wav2vec2_optimizer

    def on_stage_start(self, stage, epoch=None):
        self.emotions = ClassificationStats()

    def on_stage_end(self, stage, stage_loss, epoch=None):
        stats = {"loss": stage_loss}
        if stage is Stage.TRAIN:
            self.train_stats = stats
            return
        by_class = self.emotions.summarize("classwise_accuracy").values()
        stats["error"] = 100 * (1 - self.emotions.summarize("accuracy"))
        stats["unweighted_recall"] = 100 * sum(by_class) / len(by_class)
        if stage is Stage.VALID:
            rates = {"epoch": epoch}
            for part, optimizer in self.optimizers_dict.items():
                rates[f"lr_{part}"], new_rate = getattr(self.hparams, f"lr_annealing_{part}")(stage_loss)
                update_learning_rate(optimizer, new_rate)
            self.hparams.train_logger.log_stats(rates, self.train_stats, stats)
            self.checkpointer.save_and_keep_only(meta={"error": stats["error"], "epoch": epoch}, min_keys=["error"])
        else:
            self.hparams.train_logger.log_stats({"tested epoch": self.hparams.epoch_counter.current}, test_stats=stats)
            with (Path(self.hparams.output_folder) / "emotions_test.txt").open("w") as file:
                self.emotions.write_stats(file)
            self.test_stats = stats


def datasets(hparams):
    """What the manifests describe: recordings with the emotion that most judges heard."""
    hparams["prepare"]()
    encoder = hparams["label_encoder"]

    def read(wav):
        return read_audio(wav, sample_rate=hparams["sample_rate"])

    sets = {name: DynamicItemDataset.from_json(hparams[f"{name}_manifest"]) for name in ("train", "valid", "test")}
    encoder.update_from_iterable(sorted(set(sets["train"].column("emo"))))
    for each in sets.values():
        each.add_dynamic_item(read, takes="wav", provides="sig")
        each.add_dynamic_item(encoder.encode_label_torch, takes="emo", provides="label")
        each.set_output_keys(["id", "sig", "emo", "label"])
    return sets


def finish(brain):
    """Make a model of the results, which `sonovox.inference.EncoderClassifier` opens."""
    hparams, stats = brain.hparams, brain.test_stats
    save_pretrained(
        Path(hparams.output_folder) / "model",
        Path(hparams.output_folder) / "train.yaml",
        interface="EncoderClassifier",
        keys=["sample_rate", "modules", "softmax"],
        loadables={name: getattr(hparams, name) for name in ("wav2vec2", "output_mlp", "label_encoder")},
        title="Emotions",
        description=f"Four emotions, on {Path(hparams.wav2vec2_hub).name}; trained on IEMOCAP.",
        results={"accuracy": f"{100 - stats['error']:.2f} %", "mean recall": f"{stats['unweighted_recall']:.2f} %"},
    )
