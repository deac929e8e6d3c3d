"""Speech to text by a pretrained encoder, a small network and CTC.

    sonovox train recipes/asr/ctc_encoder/hparams/librispeech.yaml --code recipes/asr/ctc_encoder/train.py --data_folder LIBRISPEECH

The YAML file chooses the corpus, the labels (letters or phones) and the encoder. Two
optimisers learn, each with its own schedule: one of the encoder, which starts after
`freeze_steps`, and one of the rest. The same command goes on where a run was stopped.
"""  # fmt: skip # noqa: E501

from pathlib import Path

import torch

from sonovox.augment import item_seeds
from sonovox.data import DynamicBatchSampler, DynamicItemDataset, provides, read_audio, takes
from sonovox.errors import DataError
from sonovox.inference import save_pretrained
from sonovox.losses import ctc_loss
from sonovox.metrics import ErrorRateStats
from sonovox.training import Brain, Stage, update_learning_rate


class ASR(Brain):
    """Fine-tunes the encoder with CTC; the loss in validation anneals both learning rates, the error rate chooses."""

    def compute_forward(self, batch, stage):
        batch = batch.to(self.device)
        signals, lengths = batch.sig
        if stage is Stage.TRAIN:
            seeds = item_seeds(self.hparams.seed, self.hparams.epoch_counter.current, batch.id)
            signals, lengths = self.hparams.wav_augment(signals, lengths, seeds=seeds)
        with torch.set_grad_enabled(stage is Stage.TRAIN and self.encoder_learns):
            features = self.modules.wav2vec2(signals, lengths)
        self.encoded = self.modules.enc(features)
        return self.hparams.log_softmax(self.modules.ctc_lin(self.encoded)), lengths

    def compute_objectives(self, predictions, batch, stage):
        log_probs, lengths = predictions
        labels, label_lengths = batch.labels
        if stage is not Stage.TRAIN:
            decoded = self.decode(log_probs, lengths, stage)
            found = [self.words(sequence) for sequence in self.hparams.tokenizer.decode_ndim(decoded)]
            self.errors.append(batch.id, found, [self.words(spelled) for spelled in batch.spelled])
        return ctc_loss(log_probs, labels, lengths, label_lengths, self.hparams.blank_index)

    def decode(self, log_probs, lengths, stage):
        return self.hparams.decoding_function(log_probs, lengths)

    @property
    def encoder_learns(self):
        return not self.hparams.freeze and self.optimizer_step >= self.hparams.freeze_steps

    def words(self, labels):
        """What the error rate counts: phones, or the words that letters spell."""
        return list(labels) if self.hparams.label_separator else "".join(labels).split()

    def init_optimizers(self):
        self.model_optimizer = self.hparams.model_opt_class(self.hparams.model.parameters())
        self.optimizers_dict = {"model": self.model_optimizer}
        if not self.hparams.freeze:
            self.wav2vec2_optimizer = self.hparams.wav2vec2_opt_class(self.modules.wav2vec2.parameters())
            self.optimizers_dict["wav2vec2"] = self.wav2vec2_optimizer

    def freeze_optimizers(self, optimizers):
        return optimizers if self.encoder_learns else {"model": optimizers["model"]}

    def on_stage_start(self, stage, epoch=None):
        self.errors = ErrorRateStats()

    def on_stage_end(self, stage, stage_loss, epoch=None):
        stats = {"loss": stage_loss}
        if stage is Stage.TRAIN:
            self.train_stats = stats
            return
        name = self.hparams.error_name
        stats[name] = self.errors.summarize("error_rate")
        if stage is Stage.VALID:
            rates = {"epoch": epoch}
            for part, optimizer in self.optimizers_dict.items():
                rates[f"lr_{part}"], new_rate = getattr(self.hparams, f"lr_annealing_{part}")(stage_loss)
                update_learning_rate(optimizer, new_rate)
            self.hparams.train_logger.log_stats(rates, self.train_stats, stats)
            self.checkpointer.save_and_keep_only(meta={name: stats[name], "epoch": epoch}, min_keys=[name])
        else:
            self.hparams.train_logger.log_stats({"tested epoch": self.hparams.epoch_counter.current}, test_stats=stats)
            with (Path(self.hparams.output_folder) / "errors_test.txt").open("w") as file:
                self.errors.write_stats(file)
            self.test_stats = stats


def datasets(hparams):
    """What the manifests describe; training batches have about the same seconds each, however many items."""
    if hparams["prepare"] is not None:
        hparams["prepare"]()
    tokenizer, separator = hparams["tokenizer"], hparams["label_separator"]

    @takes("wav")
    @provides("sig")
    def read(wav):
        return read_audio(wav, sample_rate=hparams["sample_rate"])

    @takes(hparams["text_key"])
    @provides("spelled")
    def spell(text):
        return text.split(separator) if separator else list(text)

    @takes("spelled")
    @provides("labels")
    def encode(spelled):
        return tokenizer.encode_sequence_torch(spelled)

    sets = {}
    for name in ("train", "valid", "test"):
        manifest = Path(hparams[f"{name}_manifest"])
        from_file = DynamicItemDataset.from_json if manifest.suffix == ".json" else DynamicItemDataset.from_csv
        sets[name] = from_file(manifest, dynamic_items=[read, spell, encode])
    sets["train"] = sets["train"].filtered_sorted(key_max_value={"duration": hparams["longest_seconds"]})
    tokenizer.insert_blank(index=hparams["blank_index"])
    tokenizer.load_or_create(
        Path(hparams["save_folder"]) / "label_encoder.txt",
        from_didatasets=[sets["train"]],
        output_key="spelled",
        sequence_input=True,
    )
    if len(tokenizer) != hparams["output_neurons"]:
        raise DataError(
            f"training has {len(tokenizer)} labels, blank among them", hint=f"--output_neurons {len(tokenizer)}"
        )
    for each in sets.values():
        each.set_output_keys(["id", "sig", "spelled", "labels"])
    hparams["train_loader_kwargs"]["batch_sampler"] = DynamicBatchSampler(
        sets["train"],
        hparams["batch_seconds"],
        num_buckets=20,
        max_batch_ex=hparams["batch_items"],
        seed=hparams["seed"],
    )
    return sets


def finish(brain):
    """Make a model of the results, which `sonovox transcribe --model` opens."""
    hparams, name = brain.hparams, brain.hparams.error_name
    save_pretrained(
        Path(hparams.output_folder) / "model",
        Path(hparams.output_folder) / "train.yaml",
        interface="EncoderASR",
        keys=["sample_rate", "encoder", "decoding_function"],
        loadables={"encoder": hparams.encoder, "tokenizer": hparams.tokenizer},
        title=f"CTC on {Path(hparams.wav2vec2_hub).name}",
        description=f"Fine-tuned on {hparams.corpus}.",
        results={f"{name} of the test": f"{brain.test_stats[name]:.2f} %"},
    )
