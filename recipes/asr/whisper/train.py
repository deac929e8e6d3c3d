"""Whisper, fine-tuned: its encoder and decoder learn the words of a corpus, with times and without.

    R=recipes/asr/whisper
    sonovox train $R/hparams/librispeech.yaml --code $R/train.py --data_folder LIBRISPEECH

The same command goes on where a run was stopped. The folder of results is a model, for
`sonovox transcribe --model` and for transformers.
"""

import random
from pathlib import Path

import torch

from sonovox.augment import item_seeds
from sonovox.data import DynamicItemDataset, provides, read_joined_audio, takes
from sonovox.losses import nll_loss
from sonovox.metrics import ErrorRateStats
from sonovox.training import AnnealingBrain, Stage

LONGEST = 30.0  # seconds that Whisper hears at a time


class ASR(AnnealingBrain):
    """Learns each token from those before it and what was heard; the error rate chooses the checkpoint."""

    def compute_forward(self, batch, stage):
        batch = batch.to(self.device)
        signals, lengths = batch.sig
        if stage is Stage.TRAIN:
            seeds = item_seeds(self.hparams.seed, self.hparams.epoch_counter.current, batch.id)
            signals, _ = self.hparams.wav_augment(signals, lengths, seeds=seeds)
        encoded, logits, _ = self.modules.whisper(signals, batch.tokens_bos.data)
        # What follows the prompt is to be said.
        return encoded, self.hparams.log_softmax(logits[:, len(self.hparams.whisper.prompt) - 1 :])

    def compute_objectives(self, predictions, batch, stage):
        encoded, log_probs = predictions
        tokens, lengths = batch.tokens_eos
        if stage is not Stage.TRAIN:
            search = self.hparams.valid_search if stage is Stage.VALID else self.hparams.test_search
            hyps, _, _, _ = search(encoded, torch.ones(len(encoded), device=self.device))
            found = [self.hparams.whisper.tokenizer.decode(hyp) for hyp in hyps]
            self.errors.append(batch.id, [self.words(text) for text in found], [self.words(text) for text in batch.wrd])
        return nll_loss(log_probs, tokens, length=lengths, label_smoothing=self.hparams.label_smoothing)

    def words(self, text):
        return self.hparams.normalize(text).split()

    def on_stage_start(self, stage, epoch=None):
        self.errors = ErrorRateStats()

    def stage_stats(self, stage):
        if stage is Stage.TEST:
            self.write_stats(self.errors, "wer_test.txt")
        return {"WER": self.errors.summarize("error_rate")}


def datasets(hparams):
    """What the manifests describe; in training some texts have the times at which they begin and end."""
    if hparams["prepare"] is not None:
        hparams["prepare"]()
    whisper, rate = hparams["whisper"], hparams["sample_rate"]
    tokenizer, share = whisper.tokenizer, hparams["timestamps_share"]

    @takes(hparams["wav_key"])
    @provides("sig")
    def read(wavs):
        return read_joined_audio(wavs, sample_rate=rate)

    def tokens(share_with_times):
        @takes("wrd", "sig")
        @provides("tokens_bos", "tokens_eos")
        def encode(wrd, sig):
            before, text = whisper.prompt, tokenizer.encode(f" {wrd.lower().strip()}")
            if random.random() < share_with_times:
                # The begin stands where the prompt else says that there are no times.
                before = [*before[:-1], tokenizer.first_timestamp]
                text = [*text, tokenizer.first_timestamp + round(len(sig) / rate / 0.02)]
            yield torch.tensor([*before, *text])
            yield torch.tensor([*text, tokenizer.end])

        return encode

    sets = {}
    for name in ("train", "valid", "test"):
        items = [read, tokens(share if name == "train" else 0)]
        sets[name] = DynamicItemDataset.from_manifest(hparams[f"{name}_manifest"], dynamic_items=items)
        sets[name].set_output_keys(["id", "sig", "wrd", "tokens_bos", "tokens_eos"])
    learnt = sets["train"].filtered_sorted(key_max_value={"duration": LONGEST})
    if hparams["train_items"] is not None:
        drawn = random.Random(hparams["seed"]).sample(learnt.data_ids, min(hparams["train_items"], len(learnt)))
        learnt = learnt.filtered_sorted(key_test={"id": set(drawn).__contains__})
    sets["train"] = learnt
    return sets


def finish(brain):
    """Write the model as a folder of Hugging Face."""
    hparams = brain.hparams
    wer = brain.test_stats["WER"]
    card = f"# {Path(hparams.whisper_hub).name} on {hparams.corpus}\n\nWER of the test, beam search: {wer:.2f} %\n"
    hparams.whisper.save(Path(hparams.output_folder) / "model", card=card)
