"""CTC and an attentional decoder on one pretrained encoder; the test searches with the decoder.

R=recipes/asr/ctc_encoder
sonovox train $R/hparams/attention.yaml --code $R/train.py --code $R/train_attention.py --data_folder LIBRISPEECH
"""

from torch.nn.functional import pad

# `--code train.py` stands before this file, and gives `datasets` and `finish` too.
from train import ASR

from sonovox.losses import nll_loss
from sonovox.training import Stage


class ASRWithAttention(ASR):
    """Learns with both losses; CTC alone watches the training, since it decodes faster."""

    def compute_forward(self, batch, stage):
        log_probs, lengths = super().compute_forward(batch, stage)
        labels, _ = batch.labels
        spelled = self.modules.emb(pad(labels, (1, 0), value=self.hparams.bos_index))
        states, _ = self.modules.dec(spelled, self.encoded, lengths)
        return log_probs, lengths, self.hparams.log_softmax(self.modules.seq_lin(states))

    def compute_objectives(self, predictions, batch, stage):
        log_probs, lengths, next_labels = predictions
        ctc = super().compute_objectives((log_probs, lengths), batch, stage)
        return self.hparams.ctc_weight * ctc + (1 - self.hparams.ctc_weight) * self.nll(next_labels, batch)

    def nll(self, next_labels, batch):
        """Of the labels and of the end after them."""
        labels, label_lengths = batch.labels
        counts = (label_lengths * labels.shape[1]).round().long()
        with_end = pad(labels, (0, 1)).scatter(1, counts.unsqueeze(1), self.hparams.eos_index)
        return nll_loss(next_labels, with_end, length=(counts + 1) / with_end.shape[1])

    def decode(self, log_probs, lengths, stage):
        if stage is not Stage.TEST:
            return super().decode(log_probs, lengths, stage)
        hyps, _, _, _ = self.hparams.test_search(self.encoded, lengths.to(self.encoded.device))
        return hyps
