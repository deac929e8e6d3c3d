"""Speech to text by an encoder and an attentional decoder, with CTC beside it and a language model in the search.

    R=recipes/asr/seq2seq
    sonovox train $R/hparams/digits.yaml --code $R/train.py --data_folder DIGITS [--lm_file results/…/lm.safetensors]

The same command goes on where a run was stopped. The folder of results is a model.
"""

from pathlib import Path

import torch
from torch.nn.functional import pad

from sonovox.augment import item_seeds
from sonovox.data import DynamicItemDataset, provides, read_joined_audio, takes
from sonovox.hub import Pretrainer
from sonovox.inference import save_pretrained
from sonovox.losses import ctc_loss, nll_loss
from sonovox.metrics import ErrorRateStats
from sonovox.training import AnnealingBrain, Stage


class ASR(AnnealingBrain):
    """Learns the next token from those before it and what was heard; CTC helps the encoder in the first epochs."""

    def compute_forward(self, batch, stage):
        batch = batch.to(self.device)
        signals, lengths = batch.sig
        if stage is Stage.TRAIN:
            seeds = item_seeds(self.hparams.seed, self.hparams.epoch_counter.current, batch.id)
            signals, lengths = self.hparams.wav_augment(signals, lengths, seeds=seeds)
        encoded = self.modules.encoder(signals, lengths)
        states, _ = self.modules.dec(self.modules.emb(batch.tokens_bos.data), encoded, lengths)
        return encoded, lengths, self.hparams.log_softmax(self.modules.seq_lin(states))

    def compute_objectives(self, predictions, batch, stage):
        encoded, lengths, log_probs = predictions
        loss = nll_loss(log_probs, batch.tokens_eos.data, length=batch.tokens_eos.lengths)
        if stage is not Stage.TRAIN:
            self.recognise(self.hparams.valid_search, self.errors, encoded, lengths, batch)
            if stage is Stage.TEST and self.hparams.lm_file is not None:
                self.recognise(self.hparams.decoder, self.errors_with_lm, encoded, lengths, batch)
        elif self.epoch <= self.hparams.number_of_ctc_epochs:
            tokens, token_lengths = batch.tokens
            ctc_probs = self.hparams.log_softmax(self.modules.ctc_lin(encoded))
            ctc = ctc_loss(ctc_probs, tokens, lengths, token_lengths, self.hparams.blank_index)
            loss = self.hparams.ctc_weight * ctc + (1 - self.hparams.ctc_weight) * loss
        return loss

    def recognise(self, search, errors, encoded, lengths, batch):
        hyps, _, _, _ = search(encoded, lengths)
        found = [self.hparams.tokenizer.decode_ids(hyp).split() for hyp in hyps]
        errors.append(batch.id, found, [text.split() for text in batch.wrd])

    def on_stage_start(self, stage, epoch=None):
        self.errors, self.errors_with_lm = ErrorRateStats(), ErrorRateStats()
        self.hparams.lm_model.to(self.device).eval()

    def stage_stats(self, stage):
        stats = {"WER": self.errors.summarize("error_rate")}
        if stage is Stage.TEST:
            self.write_stats(self.errors, "wer_test.txt")
        if self.errors_with_lm.ids:
            stats["WER with LM"] = self.errors_with_lm.summarize("error_rate")
            self.write_stats(self.errors_with_lm, "wer_with_lm_test.txt")
        return stats


def datasets(hparams):
    """What the manifests describe; recordings that make up one item are joined with a short pause."""
    hparams["prepare"]()
    tokenizer = hparams["tokenizer"]
    tokenizer.load(hparams["make_tokenizer"]().prefix_model_file + ".model")
    if tokenizer.get_piece_size() > hparams["output_neurons"]:
        raise ValueError(f"there are {tokenizer.get_piece_size()} tokens; raise output_neurons")
    if hparams["lm_file"] is not None:
        pretrainer = Pretrainer(loadables={"lm": hparams["lm_model"]}, paths={"lm": hparams["lm_file"]})
        pretrainer.collect_files()
        pretrainer.load_collected()

    @takes(hparams["wav_key"])
    @provides("sig")
    def read(wavs):
        return read_joined_audio(wavs, sample_rate=hparams["sample_rate"])

    @takes("wrd")
    @provides("tokens", "tokens_bos", "tokens_eos")
    def encode(wrd):
        tokens = torch.tensor(tokenizer.encode_as_ids(wrd))
        yield tokens
        yield pad(tokens, (1, 0), value=hparams["bos_index"])
        yield pad(tokens, (0, 1), value=hparams["eos_index"])

    keys = ["id", "sig", "wrd", "tokens", "tokens_bos", "tokens_eos"]
    return {
        name: DynamicItemDataset.from_manifest(
            hparams[f"{name}_manifest"], dynamic_items=[read, encode], output_keys=keys
        )
        for name in ("train", "valid", "test")
    }


def finish(brain):
    """Make a model of the results, with the language model if there is one, for `sonovox transcribe --model`."""
    hparams = brain.hparams
    parts = ["encoder", "asr_model", "tokenizer"] + (["lm_model"] if hparams.lm_file is not None else [])
    save_pretrained(
        Path(hparams.output_folder) / "model",
        Path(hparams.output_folder) / "train.yaml",
        interface="EncoderDecoderASR",
        keys=["sample_rate", "decoder"],
        loadables={name: getattr(hparams, name) for name in parts},
        overrides=None if hparams.lm_file is not None else {"scorer": None},
        title="Encoder and attentional decoder",
        description=f"Trained on {hparams.corpus}.",
        results={name: f"{value:.2f} %" for name, value in brain.test_stats.items() if name.startswith("WER")},
    )
