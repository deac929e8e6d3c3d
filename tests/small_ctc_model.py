"""A small recogniser as a recipe trains it: convolutional-recurrent, over letters, with random weights."""

import torch

from sonovox.hparams import load_hparams
from sonovox.inference.model_folder import save_pretrained

# As much of a recipe as matters here: some of it is of no use to inference.
TRAIN_YAML = """
seed: 5
output_folder: !PLACEHOLDER
__seed: !apply:torch.manual_seed [!ref <seed>]
sample_rate: 8000
n_mels: 20
lr: 1e-3
optimizer: !name:torch.optim.Adam {lr: !ref <lr>}

features: !new:sonovox.nn.Fbank
    sample_rate: !ref <sample_rate>
    n_fft: 200
    n_mels: !ref <n_mels>
normalize: !new:sonovox.nn.InputNormalization
    norm_type: global
crdnn: !new:sonovox.models.CRDNN
    input_shape: [null, null, !ref <n_mels>]
    cnn_channels: [4, 4]
    rnn_layers: 1
    rnn_neurons: 8
    dnn_blocks: 1
    dnn_neurons: 16
output: !new:sonovox.nn.Linear
    input_size: 16
    n_neurons: 9
encoder: !new:sonovox.nn.LengthsCapableSequential
    features: !ref <features>
    normalize: !ref <normalize>
    crdnn: !ref <crdnn>
    output: !ref <output>
    log_softmax: !new:sonovox.nn.Softmax {apply_log: True}
tokenizer: !new:sonovox.data.CTCTextEncoder
decoding_function: !name:sonovox.decoding.ctc_greedy_decode
    blank_id: 0
"""
KEYS = ("sample_rate", "encoder", "tokenizer", "decoding_function")


def trained(seed=0):
    """The values of the YAML with modules that are not as they were made, and labels."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        values = load_hparams(TRAIN_YAML, {"output_folder": "out"}, code=["torch"])
        encoder = values["encoder"]
        with torch.no_grad():
            for parameter in encoder.parameters():
                parameter.add_(0.3 * torch.randn_like(parameter))
        for _ in range(2):  # running statistics
            encoder(0.1 * torch.randn(2, 8000))
    encoder.eval()
    tokenizer = values["tokenizer"]
    tokenizer.insert_blank(index=0)
    tokenizer.update_from_iterable(["abcdef "])
    tokenizer.add_label("'")
    return values


def write_model(folder, values=None, **changes):
    """A model folder of `values`, by default of `trained()`."""
    values = values or trained()
    loadables = {"encoder": values["encoder"], "tokenizer": values["tokenizer"]}
    options = {"interface": "EncoderASR", "keys": KEYS, "loadables": loadables} | changes
    return save_pretrained(folder, TRAIN_YAML, overrides={"output_folder": "out"}, **options)
