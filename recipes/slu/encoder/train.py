"""What a command wants: its action, object and location, straight from speech.

    sonovox train recipes/slu/encoder/hparams/fluent_speech_commands.yaml --code recipes/slu/encoder/train.py --data_folder FLUENT

The encoder is frozen or learns with an optimiser and a schedule of its own. The same
command goes on where a run was stopped.
"""  # noqa: E501

from pathlib import Path

from sonovox.data import DynamicItemDataset, read_audio
from sonovox.errors import DataError
from sonovox.losses import nll_loss
from sonovox.metrics import ClassificationStats
from sonovox.training import EncoderBrain, Stage


class Understander(EncoderBrain):
    """Learns the slots of commands by their likelihood; an intent is right when all of its slots are."""

    def compute_forward(self, batch, stage):
        signals, lengths = batch.to(self.device).sig
        pooled = self.modules.avg_pool(self.encode(signals, lengths), lengths)
        return {slot: self.hparams.log_softmax(self.modules[f"output_{slot}"](pooled)) for slot in self.hparams.slots}

    def compute_objectives(self, predictions, batch, stage):
        if stage is not Stage.TRAIN:
            found = [
                self.hparams.label_encoders[slot].decode_torch(log_probs.squeeze(1).argmax(1))
                for slot, log_probs in predictions.items()
            ]
            meant = [getattr(batch, slot) for slot in predictions]
            self.intents.append(batch.id, *([" ".join(slots) for slots in zip(*each)] for each in (found, meant)))  # noqa: B905
        return sum(nll_loss(log_probs, getattr(batch, f"{slot}_label").data) for slot, log_probs in predictions.items())

    def on_stage_start(self, stage, epoch=None):
        self.intents = ClassificationStats()

    def stage_stats(self, stage):
        if stage is Stage.TEST:
            self.write_stats(self.intents, "intents_test.txt")
        return {"intent_error": 100 * (1 - self.intents.summarize("accuracy"))}


def datasets(hparams):
    """What the manifests describe: commands with the values of their slots."""
    hparams["prepare"]()
    save = Path(hparams["save_folder"])
    sets = {name: DynamicItemDataset.from_csv(save / f"{name}.csv") for name in ("train", "valid", "test")}
    for slot, encoder in hparams["label_encoders"].items():
        values = sorted(set(sets["train"].column(slot)))
        if len(values) != hparams["slots"][slot]:
            raise DataError(
                f"there are {len(values)} values of {slot} in the training", hint=f"--slots.{slot} {len(values)}"
            )
        encoder.update_from_iterable(values)

    def read(wav):
        return read_audio(wav, sample_rate=hparams["sample_rate"])

    for each in sets.values():
        each.add_dynamic_item(read, takes="wav", provides="sig")
        for slot, encoder in hparams["label_encoders"].items():
            each.add_dynamic_item(encoder.encode_label_torch, takes=slot, provides=f"{slot}_label")
        each.set_output_keys(["id", "sig", *hparams["slots"], *(f"{slot}_label" for slot in hparams["slots"])])
    return sets
