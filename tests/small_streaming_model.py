"""A small recogniser that hears in chunks: a Conformer with CTC over letters, with random weights."""

import torch

from sonovox.hparams import load_hparams

# The names are SpeechBrain's where it has these parts, as its folder of a streaming Conformer has them.
YAML = """
sample_rate: 8000
blank_index: 0
compute_features: !new:speechbrain.lobes.features.Fbank
    sample_rate: !ref <sample_rate>
    n_fft: 256
    n_mels: 20
normalize: !new:speechbrain.processing.features.InputNormalization
    norm_type: global
CNN: !new:speechbrain.lobes.models.convolution.ConvolutionFrontEnd
    input_shape: (8, 10, 20)
    num_blocks: 2
    num_layers_per_block: 1
    out_channels: (4, 4)
    kernel_sizes: (3, 3)
    strides: (2, 2)
    residuals: (False, False)
Transformer: !new:speechbrain.lobes.models.transformer.TransformerASR.TransformerASR
    input_size: 20
    tgt_vocab: 9
    d_model: 16
    nhead: 4
    num_encoder_layers: 2
    num_decoder_layers: 0
    d_ffn: 32
    dropout: 0.1
    encoder_module: conformer
    attention_type: RelPosMHAXL
    normalize_before: True
    causal: False
    kernel_size: 7
enc: !new:speechbrain.lobes.models.transformer.TransformerASR.EncoderWrapper
    transformer: !ref <Transformer>
proj_enc: !new:speechbrain.nnet.linear.Linear
    input_size: 16
    n_neurons: 9
fea_streaming_extractor: !new:speechbrain.lobes.features.StreamingFeatureWrapper
    module: !new:speechbrain.nnet.containers.LengthsCapableSequential
        - !ref <compute_features>
        - !ref <normalize>
        - !ref <CNN>
    properties: !apply:speechbrain.utils.filter_analysis.stack_filter_properties
        - [!ref <compute_features>, !ref <CNN>]
tokenizer: !new:speechbrain.dataio.encoder.CTCTextEncoder
make_decoder_streaming_context: !name:sonovox.decoding.CTCGreedyStreamingContext
decoding_function: !name:sonovox.decoding.ctc_greedy_decode_streaming
    blank_id: !ref <blank_index>
modules:
    compute_features: !ref <compute_features>
    normalize: !ref <normalize>
    pre_transformer: !ref <CNN>
    enc: !ref <enc>
    proj_enc: !ref <proj_enc>
"""


def values(seed=0):
    """The values of the YAML file, with other weights for each seed and labels."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        found = load_hparams(YAML)
        with torch.no_grad():
            for module in found["modules"].values():
                for parameter in module.parameters():
                    parameter.add_(0.2 * torch.randn_like(parameter))
            loudness = torch.rand(2, 80).repeat_interleave(400, dim=1)
            wavs = loudness * (torch.rand(2, 32000) - 0.5)
            features = found["CNN"](found["normalize"](found["compute_features"](wavs), torch.ones(2)))
            for module in found["modules"].values():
                module.eval()
            # Every label is the best one now and then.
            scores = found["proj_enc"](found["enc"](features)).flatten(0, 1)
            found["proj_enc"].w.weight /= scores.std(dim=0).unsqueeze(1)
            found["proj_enc"].w.bias.copy_((found["proj_enc"].w.bias - scores.mean(dim=0)) / scores.std(dim=0))
    tokenizer = found["tokenizer"]
    tokenizer.insert_blank(index=0)
    tokenizer.update_from_iterable(["abcdefg "])
    return found
