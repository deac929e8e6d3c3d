"""Losses: what training makes small.

Lengths are shares of the padded time in (0, 1], and what lies beyond them counts nothing,
neither in the value nor in the gradient.
"""

from sonovox.losses.angular_margin import AdditiveAngularMargin, AngularMargin, LogSoftmaxWrapper
from sonovox.losses.bce import bce_loss
from sonovox.losses.classification_error import classification_error
from sonovox.losses.contrastive import ContrastiveLoss
from sonovox.losses.ctc import ctc_loss
from sonovox.losses.distillation import ce_kd, ctc_loss_kd, nll_loss_kd
from sonovox.losses.kldiv import kldiv_loss
from sonovox.losses.masking import compute_masked_loss, reduce_loss, truncate
from sonovox.losses.nll import nll_loss
from sonovox.losses.pit import PitWrapper
from sonovox.losses.regression import l1_loss, mse_loss
from sonovox.losses.si_snr import cal_si_snr, cal_snr, get_si_snr_with_pitwrapper, get_snr_with_pitwrapper
from sonovox.losses.transducer import transducer_loss

__all__ = [
    "AdditiveAngularMargin",
    "AngularMargin",
    "ContrastiveLoss",
    "LogSoftmaxWrapper",
    "PitWrapper",
    "bce_loss",
    "cal_si_snr",
    "cal_snr",
    "ce_kd",
    "classification_error",
    "compute_masked_loss",
    "ctc_loss",
    "ctc_loss_kd",
    "get_si_snr_with_pitwrapper",
    "get_snr_with_pitwrapper",
    "kldiv_loss",
    "l1_loss",
    "mse_loss",
    "nll_loss",
    "nll_loss_kd",
    "reduce_loss",
    "transducer_loss",
    "truncate",
]
