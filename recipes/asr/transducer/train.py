"""Speech to text by a transducer: at each frame it says a token or goes on to the next one.

    R=recipes/asr/transducer
    sonovox train $R/hparams/digits.yaml --code $R/train.py --data_folder DIGITS

The same command goes on where a run was stopped. The folder of results is a model.
"""

from pathlib import Path

import torch
from torch.nn.functional import pad

from sonovox.augment import item_seeds
from sonovox.data import DynamicItemDataset, provides, read_joined_audio, takes
from sonovox.errors import DataError
from sonovox.inference import save_pretrained
from sonovox.losses import ctc_loss, transducer_loss
from sonovox.metrics import ErrorRateStats
from sonovox.training import AnnealingBrain, Stage


class ASR(AnnealingBrain):
    """Learns with the transducer's loss; CTC helps the encoder in the first epochs."""

    def compute_forward(self, batch, stage):
        batch = batch.to(self.device)
        signals, lengths = batch.sig
        if stage is Stage.TRAIN:
            seeds = item_seeds(self.hparams.seed, self.hparams.epoch_counter.current, batch.id)
            signals, lengths = self.hparams.wav_augment(signals, lengths, seeds=seeds)
        encoded = self.modules.encoder(signals, lengths)
        predicted, _ = self.modules.dec(self.modules.emb(batch.tokens_blank.data))
        joint = self.modules.tjoint(encoded.unsqueeze(2), self.modules.dec_lin(predicted).unsqueeze(1))
        return encoded, lengths, self.modules.transducer_lin(joint)

    def compute_objectives(self, predictions, batch, stage):
        encoded, lengths, logits = predictions
        tokens, token_lengths = batch.tokens
        loss = transducer_loss(logits, tokens, lengths, token_lengths, self.hparams.blank_index)
        if stage is not Stage.TRAIN:
            self.recognise(self.hparams.greedy_search, self.errors, encoded, lengths, batch)
            if stage is Stage.TEST:
                self.recognise(self.hparams.decoder, self.errors_with_beam, encoded, lengths, batch)
        elif self.epoch <= self.hparams.number_of_ctc_epochs:
            ctc_probs = self.hparams.log_softmax(self.modules.ctc_lin(encoded))
            ctc = ctc_loss(ctc_probs, tokens, lengths, token_lengths, self.hparams.blank_index)
            loss = self.hparams.ctc_weight * ctc + (1 - self.hparams.ctc_weight) * loss
        return loss

    def recognise(self, search, errors, encoded, lengths, batch):
        hyps, _, _, _ = search(encoded, lengths)
        found = [self.hparams.tokenizer.decode_ids(hyp).split() for hyp in hyps]
        errors.append(batch.id, found, [text.split() for text in batch.wrd])

    def on_stage_start(self, stage, epoch=None):
        self.errors, self.errors_with_beam = ErrorRateStats(), ErrorRateStats()

    def stage_stats(self, stage):
        stats = {"WER": self.errors.summarize("error_rate")}
        if stage is Stage.TEST:
            stats["WER with beam"] = self.errors_with_beam.summarize("error_rate")
            self.write_stats(self.errors, "wer_test.txt")
            self.write_stats(self.errors_with_beam, "wer_with_beam_test.txt")
        return stats


def datasets(hparams):
    """Strings of spoken digits; the recordings of one are joined with a short pause."""
    hparams["prepare"]()
    tokenizer = hparams["tokenizer"]
    tokenizer.load(hparams["make_tokenizer"]().prefix_model_file + ".model")
    if tokenizer.get_piece_size() != hparams["output_neurons"]:
        raise DataError("as many tokens as outputs are needed", hint=f"--output_neurons {tokenizer.get_piece_size()}")

    @takes("wavs")
    @provides("sig")
    def read(wavs):
        return read_joined_audio(wavs, sample_rate=hparams["sample_rate"])

    @takes("wrd")
    @provides("tokens", "tokens_blank")
    def encode(wrd):
        tokens = torch.tensor(tokenizer.encode_as_ids(wrd))
        yield tokens
        yield pad(tokens, (1, 0), value=hparams["blank_index"])

    keys = ["id", "sig", "wrd", "tokens", "tokens_blank"]
    return {
        name: DynamicItemDataset.from_json(hparams[f"{name}_manifest"], dynamic_items=[read, encode], output_keys=keys)
        for name in ("train", "valid", "test")
    }


def finish(brain):
    """Make a model of the results, which `sonovox transcribe --model` opens."""
    hparams = brain.hparams
    save_pretrained(
        Path(hparams.output_folder) / "model",
        Path(hparams.output_folder) / "train.yaml",
        interface="EncoderDecoderASR",
        keys=["sample_rate", "decoder"],
        loadables={name: getattr(hparams, name) for name in ("encoder", "predictor", "tokenizer")},
        title="Transducer",
        description="Strings of English digits of six speakers; trained on the Free Spoken Digit Dataset.",
        results={name: f"{value:.2f} %" for name, value in brain.test_stats.items() if name.startswith("WER")},
    )
