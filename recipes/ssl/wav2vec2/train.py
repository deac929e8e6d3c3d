"""wav2vec 2.0 from recordings without labels: which quantised frame belongs into a gap?

    sonovox train recipes/ssl/wav2vec2/hparams/train.yaml --code recipes/ssl/wav2vec2/train.py --data_folder DIGITS

DIGITS is a copy of the Free Spoken Digit Dataset (README.md says where it is). The
same command goes on where a run was stopped; probe.py beside it says what was learnt.
"""

from pathlib import Path

import torch

from sonovox.data import DynamicItemDataset, read_audio
from sonovox.datasets import read_spoken_digits
from sonovox.dsp.lengths import lengths_to_counts
from sonovox.models.wav2vec2 import Preprocessor, save_wav2vec2_pretraining
from sonovox.models.wav2vec2.preprocessor import normalize_items
from sonovox.training import Brain, Stage


class Pretrainer(Brain):
    """Finds masked frames among others; the loss on unheard recordings chooses the checkpoint."""

    def compute_forward(self, batch, stage):
        waves, lengths = batch.to(self.device).sig
        counts = lengths_to_counts(lengths, waves.shape[1])
        return self.modules.model(normalize_items(waves, counts), counts)

    def compute_objectives(self, output, batch, stage):
        masked = output.mask.sum()
        if stage is not Stage.TRAIN:
            self.found += (output.accuracy * masked).item()
            self.masked += masked.item()
            self.in_use.append(output.codevector_perplexity.item())
        return output.loss / masked.clamp(min=1)

    def on_stage_start(self, stage, epoch=None):
        self.found, self.masked, self.in_use = 0.0, 0, []
        # The same masks in each validation, so that epochs can be compared.
        held_out = stage is not Stage.TRAIN
        self.modules.model.generator = torch.Generator().manual_seed(self.hparams.seed) if held_out else None

    def on_fit_batch_end(self, batch, outputs, loss, should_step):
        if should_step:
            self.hparams.lr_schedule(self.optimizer)
            self.modules.model.quantizer.update_temp(self.optimizer_step)

    def on_stage_end(self, stage, stage_loss, epoch=None):
        stats = {"loss": stage_loss}
        if stage is Stage.TRAIN:
            self.train_stats = stats
            return
        stats["found"] = 100 * self.found / max(self.masked, 1)
        stats["entries in use"] = sum(self.in_use) / max(len(self.in_use), 1)
        if stage is Stage.VALID:
            about = {"epoch": epoch, "lr": self.learning_rates()[0]}
            self.hparams.train_logger.log_stats(about, self.train_stats, stats)
            self.checkpointer.save_and_keep_only(meta={"loss": stage_loss}, min_keys=["loss"])
            return
        self.hparams.train_logger.log_stats({"tested epoch": self.hparams.epoch_counter.current}, test_stats=stats)
        preprocessor = Preprocessor(self.hparams.sample_rate, do_normalize=True)
        folder = Path(self.hparams.output_folder) / "encoder"
        save_wav2vec2_pretraining(folder, self.modules.model, preprocessor)


def datasets(hparams):
    """The official split; labels are not used."""
    sets = {name: DynamicItemDataset(part) for name, part in read_spoken_digits(hparams["data_folder"]).items()}
    for each in sets.values():
        each.add_dynamic_item(read_audio, takes="wav", provides="sig")
        each.set_output_keys(["id", "sig"])
    return sets
