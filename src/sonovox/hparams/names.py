"""The names that a YAML file may use, and where each of them lives.

`MODEL_NAMES` is all that the file of a model folder can reach: a stranger wrote it.
An entry belongs there only if calling it, with any arguments, reads no file,
writes none, opens no connection and changes nothing outside of what it returns.
`RECIPE_NAMES` comes on top for a recipe of one's own, which `code` opens; where both
have a name, the first has a thing that waits to be opened, or that opens nothing, and the second it opened.

Both are strings to strings, `"<name in the YAML>": "<module>:<name in it>"`;
nothing here is imported before a file asks for it, and nothing is looked up by a
name that is not here. `RENAMED_ARGUMENTS` tells, for names of other packages,
which of our arguments is meant by theirs: `{"<name in the YAML>": {"<theirs>":
"<ours>"}}`.
"""

from collections.abc import Mapping
from typing import Final

from sonovox.hparams.torch_names import TORCH_NAMES
from sonovox.hparams.torch_names import named as _of

__all__ = ["LARGEST", "MODEL_NAMES", "RECIPE_NAMES", "RENAMED_ARGUMENTS"]


_TRANSFORMS = _of(
    "sonovox.transforms",
    """
    AddNoise AmplitudeToDB BarkScale BarkSpectrogram ChromaScale ChromaSpectrogram ComplexNorm ComputeDeltas Convolve
    Deemphasis FFTConvolve Fade FrequencyMasking GriffinLim InverseBarkScale InverseMelScale InverseSpectrogram LFCC
    LogMelSpectrogram Loudness MFCC MVDR MelScale MelSpectrogram MuLawDecoding MuLawEncoding PSD PitchShift
    Preemphasis RNNTLoss RTFMVDR Resample SlidingWindowCmn SoudenMVDR SpecAugment SpectralCentroid Spectrogram Speed
    SpeedPerturbation TimeMasking TimeStretch Vad Vol
    """,
)

# Our own names, and below them SpeechBrain's for the same things.
_LAYERS = _of(
    "sonovox.nn",
    """
    AdaptedModel AdaptivePool AttentionPooling AttentionalRNNDecoder AttentiveStatisticsPooling BatchNorm1d
    BatchNorm2d BranchformerEncoder BranchformerEncoderLayer ConformerEncoder ConformerEncoderLayer
    ContentBasedAttention ContextWindow Conv1d Conv2d ConvTranspose1d ConvolutionBranch ConvolutionModule
    ConvolutionalSpatialGatingUnit DCT Deltas DepthwiseSeparableConv1d DepthwiseSeparableConv2d Dropout2d
    DynChunkTrainConfig Embedding ExponentialMovingAverage Fbank Filterbank GRU GRUCell GaborConv1d
    GaussianLowpassPooling GroupNorm GumbelSoftmax GumbelVectorQuantizer HoulsbyAdapterLinear HyperMixing ISTFT
    InputNormalization InstanceNorm1d InstanceNorm2d KeyValueAttention LSTM LSTMCell LayerNorm Leaf
    LengthsCapableSequential LiGRU Linear LoRA LocationAwareAttention MFCC ModuleList MultiheadAttention
    NormalizedEmbedding PCEN Pooling1d Pooling2d PositionalEncoding PositionalwiseFeedForward QuasiRNN RNN RNNCell
    RandomProjectionQuantizer RelPosEncXL RelPosMHAXL RoPEMHA SLiGRU STFT Sequential SincConv Softmax
    StatisticsPooling StreamingFeatureWrapper Swish TDNNBlock Transducer_joint TransformerDecoder
    TransformerDecoderLayer TransformerEncoder TransformerEncoderLayer resynthesize spectral_magnitude
    stack_filter_properties
    """,
)
_LOSSES = _of(
    "sonovox.losses",
    """
    AdditiveAngularMargin AngularMargin ContrastiveLoss LogSoftmaxWrapper PitWrapper bce_loss cal_si_snr cal_snr ce_kd
    classification_error ctc_loss ctc_loss_kd get_si_snr_with_pitwrapper get_snr_with_pitwrapper kldiv_loss l1_loss
    mse_loss nll_loss nll_loss_kd transducer_loss
    """,
)
_NAMES_OF_DUAL_PATH = """
    CumulativeLayerNorm DPTNetBlock Decoder Dual_Computation_Block Dual_Path_Model Encoder GlobalLayerNorm
    IdentityBlock PyTorchPositionalEncoding PytorchTransformerBlock SBConformerEncoderBlock SBRNNBlock
    SBTransformerBlock SepformerWrapper select_norm
    """
_NAMES_OF_RESNET = "BasicBlock Classifier ResNet SEBasicBlock SEBlock"
_NAMES_OF_RESEPFORMER = """
    MemLSTM ResourceEfficientSeparationPipeline ResourceEfficientSeparator SBRNNBlock SBTransformerBlock_wnormandskip
    SegLSTM
    """
_NAMES_OF_WAV2VEC = "EncoderWrapper W2VLatentExtractor W2VTargetQuantiser"
_MODELS = {
    **_of(
        "sonovox.models",
        """
        CRDNN ConvolutionFrontEnd ECAPA_TDNN EncoderWrapper RNNLM SepformerWrapper TransformerASR TransformerLM
        VanillaNN Xvector
        """,
    ),
    **_of("sonovox.models.convolution_front_end", "ConvBlock ConvolutionFrontEnd"),
    **_of("sonovox.models.crdnn", "CNN_Block CRDNN DNN_Block"),
    **_of("sonovox.models.conv_tasnet", "Decoder Encoder MaskNet"),
    **_of("sonovox.models.dual_path", _NAMES_OF_DUAL_PATH),
    **_of("sonovox.models.ecapa_tdnn", "Classifier ECAPA_TDNN Res2NetBlock SEBlock SERes2NetBlock"),
    **_of("sonovox.models.enhance_resnet", "EnhanceResnet"),
    **_of("sonovox.models.metricgan", "EnhancementGenerator Learnable_sigmoid"),
    **_of("sonovox.models.cnn14", "Cnn14 ConvBlock"),
    **_of("sonovox.models.resepformer", _NAMES_OF_RESEPFORMER),
    **_of("sonovox.models.resnet", _NAMES_OF_RESNET),
    **_of("sonovox.models.tacotron2", "SpeechBrainTacotron2 Tacotron2"),
    **_of(
        "sonovox.models.wav2vec2", f"{_NAMES_OF_WAV2VEC} Wav2Vec2Config Wav2Vec2PretrainModel Wav2Vec2PretrainingConfig"
    ),
    **_of("sonovox.models.xvector", "Classifier Discriminator Xvector"),
    **_of("sonovox.models", "ConvTasNet DeepSpeech HifiganGenerator Tacotron2 Wav2Letter WaveRNN"),
}
_NAMES_OF_WAVE_AUGMENTATIONS = """
    ChannelDrop ChannelSwap CutCat DoClip DropBitResolution DropChunk DropFreq RandAmp Resample SignFlip SpeedPerturb
    pink_noise_like
    """
_NAMES_OF_SPECTROGRAM_AUGMENTATIONS = "RandomShift SpectrogramDrop Warping"
_AUGMENTATIONS = {
    **_of("sonovox.augment", f"Augmenter decaying_noise_rir {_NAMES_OF_WAVE_AUGMENTATIONS}"),
    **_of("sonovox.augment", _NAMES_OF_SPECTROGRAM_AUGMENTATIONS),
    **_of("speechbrain.augment.augmenter", "Augmenter", home="sonovox.augment"),
    **_of("speechbrain.augment.freq_domain", _NAMES_OF_SPECTROGRAM_AUGMENTATIONS, home="sonovox.augment"),
    **_of("speechbrain.augment.time_domain", _NAMES_OF_WAVE_AUGMENTATIONS, home="sonovox.augment"),
}
_NAMES_OF_SCORERS = """
    CTCScorer CoverageScorer HotwordScorer LengthScorer RNNLMRescorer RNNLMScorer RescorerBuilder ScorerBuilder
    TransformerLMRescorer TransformerLMScorer
    """
_NAMES_OF_SEARCHERS = """
    S2SRNNBeamSearch S2SRNNBeamSearcher S2SRNNGreedySearch S2SRNNGreedySearcher S2STransformerBeamSearch
    S2STransformerBeamSearcher S2STransformerGreedySearch S2STransformerGreedySearcher S2SWhisperBeamSearch
    S2SWhisperBeamSearcher S2SWhisperGreedySearch S2SWhisperGreedySearcher
    """
_NAMES_OF_TRANSDUCER_SEARCHERS = """
    TransducerBeamSearcher TransducerBeamSearcher.transducer_greedy_decode_streaming
    TransducerGreedySearcherStreamingContext
    """
# They read a language model from a file; in a model folder they are those that do not.
_NAMES_OF_CTC_SEARCHERS = "CTCBeamSearcher CTCPrefixBeamSearcher"
_TEXT = _of("sonovox.data", "CategoricalEncoder CTCTextEncoder TextEncoder") | {
    "sentencepiece.SentencePieceProcessor": "sonovox.text.sentencepiece_processor:SentencePieceProcessor",
    "sonovox.decoding.ctc_greedy_decode": "sonovox.decoding.ctc_greedy:ctc_greedy_decode",
    **_of("sonovox.decoding", "CTCGreedyStreamingContext ctc_greedy_decode_streaming"),
    **_of("sonovox.text", "TextStreamingContext decode_tokens_streaming"),
    **_of("sonovox.text", "normalize_basic normalize_english normalize_letters"),
    "sonovox.text.text_to_sequence": "sonovox.text.speech_symbols:text_to_sequence",
    # It keeps what it is given, and reads only what `inference.interface` lets it.
    "sonovox.hub.Pretrainer": "sonovox.hub.pretrainer:Pretrainer",
}
_SPEECHBRAIN = {
    **_of("speechbrain.dataio.encoder", "CategoricalEncoder CTCTextEncoder TextEncoder", home="sonovox.data"),
    **_of("speechbrain.decoders", "ctc_greedy_decode", home="sonovox.decoding.ctc_greedy"),
    **_of("speechbrain.decoders.ctc", "ctc_greedy_decode", home="sonovox.decoding.ctc_greedy"),
    **_of("speechbrain.decoders.ctc", _NAMES_OF_CTC_SEARCHERS, home="sonovox.decoding.ctc_beam_of_folder"),
    **_of("speechbrain.decoders", _NAMES_OF_SEARCHERS, home="sonovox.decoding"),
    **_of("speechbrain.decoders.scorer", _NAMES_OF_SCORERS, home="sonovox.decoding"),
    **_of("speechbrain.decoders.seq2seq", _NAMES_OF_SEARCHERS, home="sonovox.decoding"),
    **_of("speechbrain.decoders.transducer", _NAMES_OF_TRANSDUCER_SEARCHERS, home="sonovox.decoding.transducer"),
    **_of("speechbrain.lobes.features", "Fbank Leaf MFCC StreamingFeatureWrapper", home="sonovox.nn"),
    **_of("speechbrain.lobes.models.CRDNN", "CNN_Block CRDNN DNN_Block", home="sonovox.models.crdnn"),
    **_of(
        "speechbrain.lobes.models.ECAPA_TDNN",
        "Classifier ECAPA_TDNN Res2NetBlock SEBlock SERes2NetBlock",
        home="sonovox.models.ecapa_tdnn",
    ),
    **_of("speechbrain.lobes.models.EnhanceResnet", "EnhanceResnet", home="sonovox.models.enhance_resnet"),
    **_of(
        "speechbrain.lobes.models.MetricGAN", "EnhancementGenerator Learnable_sigmoid", home="sonovox.models.metricgan"
    ),
    **_of("speechbrain.lobes.models.HifiGAN", "HifiganGenerator", home="sonovox.models.hifigan"),
    **_of("speechbrain.lobes.models.RNNLM", "RNNLM", home="sonovox.models.rnnlm"),
    **_of("speechbrain.lobes.models.Cnn14", "Cnn14 ConvBlock", home="sonovox.models.cnn14"),
    **_of("speechbrain.lobes.models.resepformer", _NAMES_OF_RESEPFORMER, home="sonovox.models.resepformer"),
    **_of("speechbrain.lobes.models.ResNet", _NAMES_OF_RESNET, home="sonovox.models.resnet"),
    "speechbrain.lobes.models.Tacotron2.Tacotron2": "sonovox.models.tacotron2:SpeechBrainTacotron2",
    **_of("speechbrain.lobes.models.conv_tasnet", "Decoder Encoder MaskNet", home="sonovox.models.conv_tasnet"),
    **_of(
        "speechbrain.lobes.models.convolution",
        "ConvBlock ConvolutionFrontEnd",
        home="sonovox.models.convolution_front_end",
    ),
    **_of("speechbrain.lobes.models.convolution", "ConvolutionalSpatialGatingUnit", home="sonovox.nn"),
    **_of("speechbrain.lobes.models.dual_path", _NAMES_OF_DUAL_PATH, home="sonovox.models.dual_path"),
    **_of("speechbrain.lobes.models.VanillaNN", "VanillaNN", home="sonovox.models.vanilla_nn"),
    **_of("speechbrain.lobes.models.wav2vec", _NAMES_OF_WAV2VEC, home="sonovox.models.wav2vec2"),
    **_of("speechbrain.lobes.models.Xvector", "Classifier Discriminator Xvector", home="sonovox.models.xvector"),
    **_of("speechbrain.lobes.models.ECAPA_TDNN", "AttentiveStatisticsPooling TDNNBlock", home="sonovox.nn"),
    **_of(
        "speechbrain.lobes.models.transformer.Branchformer",
        "BranchformerEncoder BranchformerEncoderLayer ConvolutionBranch",
        home="sonovox.nn",
    ),
    **_of(
        "speechbrain.lobes.models.transformer.Conformer",
        "ConformerEncoder ConformerEncoderLayer ConvolutionModule",
        home="sonovox.nn",
    ),
    **_of(
        "speechbrain.lobes.models.transformer.Transformer",
        """
        NormalizedEmbedding PositionalEncoding TransformerDecoder TransformerDecoderLayer TransformerEncoder
        TransformerEncoderLayer
        """,
        home="sonovox.nn",
    ),
    **_of(
        "speechbrain.lobes.models.transformer.TransformerASR", "EncoderWrapper TransformerASR", home="sonovox.models"
    ),
    **_of("speechbrain.lobes.models.transformer.TransformerLM", "TransformerLM", home="sonovox.models"),
    **_of(
        "speechbrain.nnet.CNN",
        """
        Conv1d Conv2d ConvTranspose1d DepthwiseSeparableConv1d DepthwiseSeparableConv2d GaborConv1d SincConv
        """,
        home="sonovox.nn",
    ),
    **_of(
        "speechbrain.nnet.RNN",
        "AttentionalRNNDecoder GRU GRUCell LSTM LSTMCell LiGRU QuasiRNN RNN RNNCell SLiGRU",
        home="sonovox.nn",
    ),
    **_of("speechbrain.nnet.adapters", "AdaptedModel HoulsbyAdapterLinear LoRA", home="sonovox.nn"),
    **_of("speechbrain.nnet.activations", "GumbelSoftmax Softmax Swish", home="sonovox.nn"),
    **_of(
        "speechbrain.nnet.attention",
        """
        ContentBasedAttention KeyValueAttention LocationAwareAttention MultiheadAttention PositionalwiseFeedForward
        RelPosEncXL RelPosMHAXL RoPEMHA
        """,
        home="sonovox.nn",
    ),
    **_of("speechbrain.nnet.containers", "LengthsCapableSequential ModuleList Sequential", home="sonovox.nn"),
    **_of("speechbrain.nnet.dropout", "Dropout2d", home="sonovox.nn"),
    **_of("speechbrain.nnet.embedding", "Embedding", home="sonovox.nn"),
    **_of("speechbrain.nnet.hypermixing", "HyperMixing", home="sonovox.nn"),
    **_of("speechbrain.nnet.linear", "Linear", home="sonovox.nn"),
    **_of(
        "speechbrain.nnet.normalization",
        "BatchNorm1d BatchNorm2d ExponentialMovingAverage GroupNorm InstanceNorm1d InstanceNorm2d LayerNorm PCEN",
        home="sonovox.nn",
    ),
    **_of(
        "speechbrain.nnet.pooling",
        "AdaptivePool AttentionPooling GaussianLowpassPooling Pooling1d Pooling2d StatisticsPooling",
        home="sonovox.nn",
    ),
    **_of("speechbrain.nnet.quantisers", "GumbelVectorQuantizer RandomProjectionQuantizer", home="sonovox.nn"),
    **_of(
        "speechbrain.processing.features",
        "ContextWindow DCT Deltas Filterbank ISTFT InputNormalization STFT spectral_magnitude",
        home="sonovox.nn",
    ),
    "speechbrain.tokenizers.SentencePiece.SentencePieceDecoderStreamingContext": "sonovox.text:TextStreamingContext",
    "speechbrain.tokenizers.SentencePiece.spm_decode_preserve_leading_space": "sonovox.text:decode_tokens_streaming",
    **_of("speechbrain.utils.dynamic_chunk_training", "DynChunkTrainConfig", home="sonovox.nn"),
    **_of("speechbrain.utils.filter_analysis", "stack_filter_properties", home="sonovox.nn"),
    **_of("speechbrain.nnet.transducer.transducer_joint", "Transducer_joint", home="sonovox.nn"),
    **_of("speechbrain.processing.signal_processing", "resynthesize", home="sonovox.nn.resynthesis"),
    **_of("speechbrain.utils.text_to_sequence", "text_to_sequence", home="sonovox.text.speech_symbols"),
    **_of("speechbrain.utils.parameter_transfer", "Pretrainer", home="sonovox.hub.pretrainer"),
}

# Pretrained encoders: in a model folder without their models, which `inference` opens; see `variants.py`.
_BLOCKS = {
    "HuBERT": "hubert",
    "WavLM": "wavlm",
    "Wav2Vec2": "wav2vec2",
    "Wav2Vec2Pretrain": "wav2vec2",
    "WeightedSSLModel": "weighted_ssl",
    "Whisper": "whisper",
}
_OLD_BLOCKS = {
    "huggingface_wav2vec.HuggingFaceWav2Vec2": "Wav2Vec2",
    "huggingface_wav2vec.HuggingFaceWav2Vec2Pretrain": "Wav2Vec2Pretrain",
    "huggingface_whisper.HuggingFaceWhisper": "Whisper",
}
_BLOCKS_OF_SPEECHBRAIN = {
    **{f"speechbrain.integrations.huggingface.{module}.{name}": name for name, module in _BLOCKS.items()},
    **{f"speechbrain.lobes.models.huggingface_transformers.{module}.{name}": name for name, module in _BLOCKS.items()},
    **{f"speechbrain.lobes.models.{old}": name for old, name in _OLD_BLOCKS.items()},
}


def _blocks(kind: str) -> dict[str, str]:
    home = "sonovox.integrations.huggingface.variants"
    ours = {f"sonovox.integrations.huggingface.{name}": f"{home}:{kind}{name}" for name in _BLOCKS}
    theirs = {name: f"{home}:{kind}SpeechBrain{block}" for name, block in _BLOCKS_OF_SPEECHBRAIN.items()}
    return {**ours, **theirs}


_DATA = _of(
    "sonovox.data",
    """
    BalancingDataSampler ConcatDatasetBatchSampler DataPipeline DynamicBatchSampler DynamicItemDataset
    DynamicItemDataset.from_csv DynamicItemDataset.from_json LoopedLoader ReproducibleRandomSampler
    ReproducibleWeightedRandomSampler SaveableDataLoader SentencePiece ShardedBatchSampler make_dataloader read_audio
    """,
)
# These read files, or write them in memory.
_FILE_AUGMENTATIONS = {
    **_of("sonovox.augment", "AddNoise AddReverb CodecAugment"),
    **_of("speechbrain.augment.codec", "CodecAugment", home="sonovox.augment"),
    **_of("speechbrain.augment.time_domain", "AddNoise AddReverb", home="sonovox.augment"),
}
_TRAINING = _of(
    "sonovox.training",
    "Checkpointer EpochCounter EpochCounterWithStopper FileTrainLogger TensorboardLogger seed_everything",
)
_NAMES_OF_SCHEDULES = """
    CyclicCosineScheduler CyclicLRScheduler IntervalScheduler InverseSquareRootScheduler LinearNoamScheduler
    LinearScheduler LinearWarmupScheduler NewBobScheduler NoamIntervalScheduler NoamScheduler ReduceLROnPlateau
    ScheduledLoss StepScheduler TriStageLRSchedule WarmAndExpDecayLRSchedule WarmCoolDecayLRSchedule
    """
_NAMES_OF_METRICS = """
    BinaryMetricStats ClassificationStats EmbeddingErrorRateSimilarity ErrorRateStats MetricStats
    WeightedErrorRateStats
    """
_NAMES_OF_PRETRAINING = "compute_mask sample_negatives w2v_mask_collate_fn"
_SCHEDULES = _of("sonovox.training", _NAMES_OF_SCHEDULES) | _of("sonovox.training.schedules", _NAMES_OF_SCHEDULES)
_METRICS = _of("sonovox.metrics", f"AccuracyStats {_NAMES_OF_METRICS}")
_SPEECHBRAIN_RECIPES = {
    **{name.replace("sonovox.losses", "speechbrain.nnet.losses"): home for name, home in _LOSSES.items()},
    **_of("speechbrain.nnet.schedulers", _NAMES_OF_SCHEDULES, home="sonovox.training.schedules"),
    **_of("speechbrain.lobes.models.wav2vec", _NAMES_OF_PRETRAINING, home="sonovox.models.wav2vec2"),
    **_of("speechbrain.dataio.dataio", "read_audio", home="sonovox.data"),
    **_of("speechbrain.dataio.dataloader", "LoopedLoader SaveableDataLoader make_dataloader", home="sonovox.data"),
    **_of(
        "speechbrain.dataio.dataset",
        "DynamicItemDataset DynamicItemDataset.from_csv DynamicItemDataset.from_json",
        home="sonovox.data",
    ),
    **_of(
        "speechbrain.dataio.sampler",
        """
        BalancingDataSampler ConcatDatasetBatchSampler DynamicBatchSampler ReproducibleRandomSampler
        ReproducibleWeightedRandomSampler
        """,
        home="sonovox.data",
    ),
    **_of("speechbrain.tokenizers.SentencePiece", "SentencePiece", home="sonovox.data"),
    **_of("speechbrain.utils.Accuracy", "AccuracyStats", home="sonovox.metrics"),
    **_of("speechbrain.utils.checkpoints", "Checkpointer", home="sonovox.training"),
    **_of("speechbrain.utils.data_pipeline", "DataPipeline", home="sonovox.data"),
    **_of("speechbrain.utils.epoch_loop", "EpochCounter EpochCounterWithStopper", home="sonovox.training"),
    **_of("speechbrain.utils.train_logger", "FileTrainLogger TensorboardLogger", home="sonovox.training"),
    **_of("speechbrain.utils.metric_stats", _NAMES_OF_METRICS, home="sonovox.metrics"),
    **_of("speechbrain.utils.seed", "seed_everything", home="sonovox.training"),
}

MODEL_NAMES: Final[Mapping[str, str]] = {
    **TORCH_NAMES,
    **_TRANSFORMS,
    **_LAYERS,
    **_LOSSES,
    **_MODELS,
    **_TEXT,
    **_of("sonovox.decoding", f"{_NAMES_OF_SCORERS} {_NAMES_OF_SEARCHERS} {_NAMES_OF_TRANSDUCER_SEARCHERS}"),
    **_of("sonovox.decoding", _NAMES_OF_CTC_SEARCHERS, home="sonovox.decoding.ctc_beam_of_folder"),
    **_AUGMENTATIONS,
    **_SPEECHBRAIN,
    **_blocks("Unopened"),
}

_CORPORA = _of(
    "sonovox.datasets",
    """
    prepare_digit_strings prepare_fluent_speech_commands prepare_iemocap prepare_librispeech prepare_speaker_folders
    prepare_spoken_digits prepare_timit
    """,
)

RECIPE_NAMES: Final[Mapping[str, str]] = {
    **_CORPORA,
    **_DATA,
    **_of("sonovox.decoding", f"{_NAMES_OF_CTC_SEARCHERS} KenLMScorer"),
    **_of("speechbrain.decoders.scorer", "KenLMScorer", home="sonovox.decoding"),
    **_of("speechbrain.decoders.ctc", _NAMES_OF_CTC_SEARCHERS, home="sonovox.decoding"),
    **_FILE_AUGMENTATIONS,
    **_METRICS,
    **_SCHEDULES,
    **_SPEECHBRAIN_RECIPES,
    **_TRAINING,
    **_of("sonovox.models.wav2vec2", _NAMES_OF_PRETRAINING),
    **_blocks(""),
    **_of("sonovox.integrations.transformers", "TransformersEncoder"),
    **_of("torch", "manual_seed"),
}

RENAMED_ARGUMENTS: Final[Mapping[str, Mapping[str, str]]] = {
    name: {"pretrained_path": "source"} for name, block in _BLOCKS_OF_SPEECHBRAIN.items() if block == "Whisper"
}

# Arguments of a model folder from which numpy computes filters, out of sight of the limits on tensors.
LARGEST: Final[Mapping[str, int]] = {
    "n_barks": 1024,
    "n_chroma": 1024,
    "n_fft": 2**16,
    "n_filter": 1024,
    "n_freqs": 2**15 + 1,
    "n_mels": 1024,
    "n_stft": 2**15 + 1,
}
