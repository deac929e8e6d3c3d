"""Metrics: how good a result is."""

from sonovox.metrics.accuracy import AccuracyStats
from sonovox.metrics.binary_metric_stats import BinaryMetricStats
from sonovox.metrics.classification_stats import ClassificationStats
from sonovox.metrics.det_plot import plot_det
from sonovox.metrics.detection import EER, det_curve, minDCF
from sonovox.metrics.diarization import DiarizationErrorRate, diarization_error_rate
from sonovox.metrics.error_rate import ErrorRate, character_error_rate, word_error_rate
from sonovox.metrics.error_rate_stats import ErrorRateStats
from sonovox.metrics.mel_cepstral_distortion import mel_cepstral_distortion
from sonovox.metrics.metric_stats import MetricStats
from sonovox.metrics.pesq import pesq
from sonovox.metrics.sdr import sdr
from sonovox.metrics.si_sdr import si_sdr
from sonovox.metrics.stoi import stoi
from sonovox.metrics.weighted_error_rate import EmbeddingErrorRateSimilarity, WeightedErrorRateStats

__all__ = [
    "AccuracyStats",
    "BinaryMetricStats",
    "ClassificationStats",
    "DiarizationErrorRate",
    "EER",
    "EmbeddingErrorRateSimilarity",
    "ErrorRate",
    "ErrorRateStats",
    "MetricStats",
    "WeightedErrorRateStats",
    "character_error_rate",
    "det_curve",
    "diarization_error_rate",
    "mel_cepstral_distortion",
    "minDCF",
    "pesq",
    "plot_det",
    "sdr",
    "si_sdr",
    "stoi",
    "word_error_rate",
]
