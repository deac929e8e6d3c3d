"""Speech to text by a pretrained encoder, a small network and CTC.

    sonovox train recipes/asr/ctc_encoder/hparams/librispeech.yaml --code recipes/asr/ctc_encoder/train.py --data_folder LIBRISPEECH

The YAML file chooses the corpus, the labels (letters or phones) and the encoder. Two
optimisers learn, each with its own schedule: one of the encoder, which starts after
`freeze_steps`, and one of the rest. The same command goes on where a run was stopped.
"""  # fmt: skip # noqa: E501

from pathlib import Path

from sonovox.augment import item_seeds
from sonovox.data import DynamicBatchSampler, DynamicItemDataset, provides, read_audio, takes
from sonovox.errors import DataError
from sonovox.inference import save_pretrained
from sonovox.losses import ctc_loss
from sonovox.metrics import ErrorRateStats
from sonovox.training import EncoderBrain, Stage


class ASR(EncoderBrain):
    """Fine-tunes the encoder with CTC; the loss in validation anneals both learning rates, the error rate chooses."""

    def compute_forward(self, batch, stage):
        batch = batch.to(self.device)
        signals, lengths = batch.sig
        if stage is Stage.TRAIN:
            seeds = item_seeds(self.hparams.seed, self.hparams.epoch_counter.current, batch.id)
            signals, lengths = self.hparams.wav_augment(signals, lengths, seeds=seeds)
        self.encoded = self.modules.enc(self.encode(signals, lengths))
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

    def words(self, labels):
        """What the error rate counts: phones, or the words that letters spell."""
        return list(labels) if self.hparams.label_separator else "".join(labels).split()

    def on_stage_start(self, stage, epoch=None):
        self.errors = ErrorRateStats()

    def stage_stats(self, stage):
        if stage is Stage.TEST:
            self.write_stats(self.errors, "errors_test.txt")
        return {self.hparams.error_name: self.errors.summarize("error_rate")}


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
        sets[name] = DynamicItemDataset.from_manifest(hparams[f"{name}_manifest"], dynamic_items=[read, spell, encode])
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
