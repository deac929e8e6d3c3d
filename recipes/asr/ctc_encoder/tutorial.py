"""The Brain of SpeechBrain's tutorial on wav2vec 2.0 and Whisper, with every hook written out.

R=recipes/asr/ctc_encoder
sonovox train $R/hparams/tutorial.yaml --code $R/tutorial.py --data_folder DIGITS --wav2vec2_hub small_encoder

train.py beside it does the same in less: `EncoderBrain` has the optimisers and the end of a stage.
"""

from torch.nn.functional import pad

import sonovox as sb
from sonovox.data import DynamicItemDataset, read_audio
from sonovox.datasets import read_spoken_digits
from sonovox.datasets.spoken_digits import NAMES
from sonovox.decoding import ctc_greedy_decode
from sonovox.losses import ctc_loss, nll_loss
from sonovox.metrics import ErrorRateStats
from sonovox.training import update_learning_rate


class ASR(sb.Brain):
    """Learns letters by CTC and by a decoder on one encoder; the error rate of words anneals both learning rates."""

    def compute_forward(self, batch, stage):
        wavs, self.wav_lens = batch.to(self.device).sig
        letters, _ = batch.letters
        feats = self.modules.wav2vec2(wavs, self.wav_lens)
        x = self.modules.enc(feats)
        states, _ = self.modules.dec(self.modules.emb(pad(letters, (1, 0))), x, self.wav_lens)
        return self.modules.ctc_lin(x).log_softmax(-1), self.modules.seq_lin(states).log_softmax(-1)

    def compute_objectives(self, predictions, batch, stage):
        (p_ctc, p_seq), (letters, lens) = predictions, batch.letters
        if stage != sb.Stage.TRAIN:
            found = self.hparams.tokenizer.decode_ndim(ctc_greedy_decode(p_ctc, self.wav_lens, blank_id=0))
            self.wer_metric.append(batch.id, [["".join(each)] for each in found], [[text] for text in batch.text])
        loss_ctc = ctc_loss(p_ctc, letters, self.wav_lens, lens, blank_index=0)
        counts = (lens * letters.shape[1]).round().long()
        loss_seq = nll_loss(p_seq, pad(letters, (0, 1)), length=(counts + 1) / p_seq.shape[1])  # 0 is the end too
        return self.hparams.ctc_weight * loss_ctc + (1 - self.hparams.ctc_weight) * loss_seq

    def init_optimizers(self):
        self.pretrained_optimizer = self.hparams.pretrained_opt_class(self.modules.wav2vec2.parameters())
        self.adam_optimizer = self.hparams.adam_opt_class(self.hparams.model.parameters())

    def on_stage_start(self, stage, epoch=None):
        self.wer_metric = ErrorRateStats()

    def on_stage_end(self, stage, stage_loss, epoch=None):
        if stage == sb.Stage.TRAIN:
            self.train_stats = {"loss": stage_loss}
            return
        wer = self.wer_metric.summarize("error_rate")
        stats = {"loss": stage_loss, "WER": wer}
        if stage == sb.Stage.VALID:
            old_lr_adam, new_lr_adam = self.hparams.lr_annealing_adam(wer)
            old_lr_pretrained, new_lr_pretrained = self.hparams.lr_annealing_pretrained(wer)
            update_learning_rate(self.adam_optimizer, new_lr_adam)
            update_learning_rate(self.pretrained_optimizer, new_lr_pretrained)
            rates = {"epoch": epoch, "lr_adam": old_lr_adam, "lr_wav2vec": old_lr_pretrained}
            self.hparams.train_logger.log_stats(rates, self.train_stats, stats)
            self.checkpointer.save_and_keep_only(meta={"WER": wer}, min_keys=["WER"])
        else:
            self.hparams.train_logger.log_stats({"tested epoch": self.hparams.epoch_counter.current}, test_stats=stats)

    def fit_batch(self, batch):
        outputs = self.compute_forward(batch, sb.Stage.TRAIN)
        loss = self.compute_objectives(outputs, batch, sb.Stage.TRAIN)
        loss.backward()
        if self.check_gradients(loss):
            self.pretrained_optimizer.step()
            self.adam_optimizer.step()
        self.pretrained_optimizer.zero_grad()
        self.adam_optimizer.zero_grad()
        return loss.detach().cpu()


def datasets(hparams):
    tokenizer = hparams["tokenizer"]
    tokenizer.insert_blank(index=hparams["blank_index"])
    tokenizer.update_from_iterable(NAMES)

    def read(wav):
        return read_audio(wav, sample_rate=hparams["sample_rate"])

    sets = {name: DynamicItemDataset(part) for name, part in read_spoken_digits(hparams["data_folder"]).items()}
    for each in sets.values():
        each.add_dynamic_item(read, takes="wav", provides="sig")
        each.add_dynamic_item(tokenizer.encode_sequence_torch, takes="text", provides="letters")
        each.set_output_keys(["id", "sig", "text", "letters"])
    return sets
