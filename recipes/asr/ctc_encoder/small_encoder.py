"""Writes a small wav2vec 2.0 with random weights, to try a recipe where no hub can be reached.

    python recipes/asr/ctc_encoder/small_encoder.py small_encoder

Nobody has trained it: it shows that everything works, not what a pretrained encoder can do.
"""

import argparse

import torch

from sonovox.models.wav2vec2 import Preprocessor, Wav2Vec2Config, build_wav2vec2, save_wav2vec2

# A frame for every 20 ms of 8 kHz.
SIZES = Wav2Vec2Config(
    extractor_mode="layer_norm",
    extractor_conv_layer_config=((48, 10, 5), *((48, 3, 2),) * 4, (48, 2, 2)),
    encoder_embed_dim=96,
    encoder_num_layers=4,
    encoder_num_heads=4,
    encoder_ff_interm_features=256,
    encoder_pos_conv_kernel=16,
    encoder_pos_conv_groups=8,
    encoder_layer_norm_first=True,
    encoder_layer_drop=0.0,
)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="to write, in the layout of Hugging Face")
    parser.add_argument("--seed", type=int, default=0, help="of the weights")
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    print(save_wav2vec2(arguments.folder, build_wav2vec2(SIZES), SIZES, Preprocessor(sample_rate=8000)))
