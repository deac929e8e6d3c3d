"""A language model of the tokens of a seq2seq recipe, for its search.

R=recipes/asr/seq2seq
sonovox train $R/hparams/digits_lm.yaml --code $R/train_lm.py --data_folder DIGITS
"""

import math
from pathlib import Path

import torch
from torch.nn.functional import pad

from sonovox.data import DynamicItemDataset, provides, takes
from sonovox.hub import save_weights
from sonovox.losses import nll_loss
from sonovox.training import Brain, Stage, update_learning_rate


class LanguageModel(Brain):
    """Foretells each token from those before it."""

    def compute_forward(self, batch, stage):
        return self.hparams.log_softmax(self.modules.model(batch.to(self.device).tokens_bos.data))

    def compute_objectives(self, predictions, batch, stage):
        return nll_loss(predictions, batch.tokens_eos.data, length=batch.tokens_eos.lengths)

    def on_stage_end(self, stage, stage_loss, epoch=None):
        stats = {"loss": stage_loss, "perplexity": math.exp(stage_loss)}
        if stage is Stage.TRAIN:
            self.train_stats = stats
        elif stage is Stage.VALID:
            rate, new_rate = self.hparams.lr_annealing(stage_loss)
            update_learning_rate(self.optimizer, new_rate)
            self.hparams.train_logger.log_stats({"epoch": epoch, "lr": rate}, self.train_stats, stats)
            self.checkpointer.save_and_keep_only(meta={"loss": stage_loss, "epoch": epoch}, min_keys=["loss"])
        else:
            self.hparams.train_logger.log_stats({"tested epoch": self.hparams.epoch_counter.current}, test_stats=stats)


def datasets(hparams):
    """The texts of the manifests, as the tokens of the recogniser."""
    hparams["prepare"]()
    tokenizer = hparams["make_tokenizer"]().sp

    @takes("wrd")
    @provides("tokens_bos", "tokens_eos")
    def encode(wrd):
        tokens = torch.tensor(tokenizer.encode_as_ids(wrd))
        yield pad(tokens, (1, 0), value=hparams["bos_index"])
        yield pad(tokens, (0, 1), value=hparams["eos_index"])

    keys = ["id", "tokens_bos", "tokens_eos"]
    return {
        name: DynamicItemDataset.from_manifest(hparams[f"{name}_manifest"], dynamic_items=[encode], output_keys=keys)
        for name in ("train", "valid", "test")
    }


def finish(brain):
    """Write the weights for `--lm_file` of the recogniser."""
    save_weights(Path(brain.hparams.output_folder) / "lm.safetensors", brain.modules.model.state_dict())
