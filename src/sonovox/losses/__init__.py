"""Losses: what training makes small. Lengths are shares of the padded time, and padding counts nothing."""

from sonovox.losses.ctc import ctc_loss
from sonovox.losses.masking import compute_masked_loss, reduce_loss, truncate
from sonovox.losses.nll import nll_loss

__all__ = ["compute_masked_loss", "ctc_loss", "nll_loss", "reduce_loss", "truncate"]
