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
from sonovox.training import EncoderBrain, Stage


class Listener(EncoderBrain):
    """Learns emotions by their likelihood; the error rate in validation chooses the checkpoint."""

    def compute_forward(self, batch, stage):
        signals, lengths = batch.to(self.device).sig
        features = self.encode(signals, lengths)
        return self.hparams.log_softmax(self.modules.output_mlp(self.modules.avg_pool(features, lengths)))

    def compute_objectives(self, log_probs, batch, stage):
        labels = batch.label.data
        if stage is not Stage.TRAIN:
            found = self.hparams.label_encoder.decode_torch(log_probs.squeeze(1).argmax(1))
            self.emotions.append(batch.id, found, batch.emo)
        return nll_loss(log_probs, labels)

    def on_stage_start(self, stage, epoch=None):
        self.emotions = ClassificationStats()

    def stage_stats(self, stage):
        if stage is Stage.TEST:
            self.write_stats(self.emotions, "emotions_test.txt")
        by_class = self.emotions.summarize("classwise_accuracy").values()
        return {
            "error": 100 * (1 - self.emotions.summarize("accuracy")),
            "unweighted_recall": 100 * sum(by_class) / len(by_class),
        }


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
