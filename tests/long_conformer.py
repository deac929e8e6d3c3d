"""A Conformer of random weights through a recording of hours; prints what it took as JSON.

python tests/long_conformer.py attention 3         recogniser, hours
python tests/long_conformer.py ctc 0.75
python tests/long_conformer.py streaming 3
"""

import json
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
import torch

from sonovox.data import CTCTextEncoder
from sonovox.decoding import (
    CTCGreedyStreamingContext,
    S2STransformerBeamSearcher,
    ctc_greedy_decode,
    ctc_greedy_decode_streaming,
)
from sonovox.inference import EncoderASR, EncoderDecoderASR, StreamingASR
from sonovox.models import ConvolutionFrontEnd, EncoderWrapper, TransformerASR
from sonovox.nn import (
    DynChunkTrainConfig,
    Fbank,
    InputNormalization,
    LengthsCapableSequential,
    Linear,
    StreamingFeatureWrapper,
    stack_filter_properties,
)

KINDS = ("attention", "ctc", "streaming")
RATE = 16000
LABELS = "abcdefghijklmnopqrstuvwxyz' "


def build(kind: str, layers: int = 4, d_model: int = 96):
    """A recogniser with a Conformer; `attention` with a beam of 4, and one token for 20 frames at most."""
    torch.manual_seed(0)
    fbank, normalize = Fbank(n_mels=80), InputNormalization(norm_type="global")
    front = ConvolutionFrontEnd([None, None, 80], num_layers_per_block=1, out_channels=[16, 16, 16])
    model = TransformerASR(
        len(LABELS) + 3,
        320,
        d_model=d_model,
        nhead=4,
        num_encoder_layers=layers,
        num_decoder_layers=2,
        d_ffn=4 * d_model,
        encoder_module="conformer",
        attention_type="RelPosMHAXL",
        normalize_before=True,
        causal=False,
    )
    normalize(fbank(0.1 * torch.randn(1, RATE)), torch.ones(1))
    output, wrapper = Linear(len(LABELS) + 3, input_size=d_model), EncoderWrapper(model)
    features = {"compute_features": fbank, "normalize": normalize, "front_end": front}
    encoder = LengthsCapableSequential(**features, encoder=wrapper)
    tokenizer = CTCTextEncoder()
    tokenizer.insert_blank(index=0)
    tokenizer.insert_bos_eos(bos_index=1, eos_index=2)
    tokenizer.update_from_iterable([LABELS])
    hparams = {"tokenizer": tokenizer, "sample_rate": RATE}
    if kind == "attention":
        search = S2STransformerBeamSearcher(
            [model, output], bos_index=1, eos_index=2, min_decode_ratio=0.0, max_decode_ratio=0.05, beam_size=4
        )
        return EncoderDecoderASR({"encoder": encoder, "decoder": search}, hparams)
    if kind == "ctc":
        encoder = LengthsCapableSequential(**features, encoder=wrapper, output=output)
        return EncoderASR({"encoder": encoder}, hparams | {"decoding_function": partial(ctc_greedy_decode, blank_id=0)})
    hparams |= {
        "fea_streaming_extractor": StreamingFeatureWrapper(
            LengthsCapableSequential(**features), stack_filter_properties([fbank, front])
        ),
        "make_decoder_streaming_context": CTCGreedyStreamingContext,
        "decoding_function": partial(ctc_greedy_decode_streaming, blank_id=0),
        "dynchunktrain_config": DynChunkTrainConfig(16, 8),
    }
    return StreamingASR({"enc": wrapper, "proj_enc": output}, hparams)


def write_recording(path: Path, hours: float) -> None:
    """Noise that comes in stretches of some seconds with pauses between, as speech does."""
    chance = np.random.default_rng(0)
    with soundfile.SoundFile(path, "w", RATE, 1, "PCM_16") as file:
        seconds = 0.0
        while seconds < hours * 3600:
            said, silent = chance.uniform(2, 9), chance.uniform(0.2, 1.0)
            file.write((0.1 * chance.standard_normal(round(said * RATE))).astype(np.float32))
            file.write(np.zeros(round(silent * RATE), np.float32))
            seconds += said + silent


def memory_mb() -> float:
    """What this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def measure(kind: str, hours: float) -> dict:
    """Memory beyond that of the loaded model, at its largest in each half hour, and the time."""
    torch.set_num_threads(1)
    recogniser = build(kind)
    with tempfile.TemporaryDirectory() as folder:
        write_recording(Path(folder) / "long.wav", hours)
        before, began = memory_mb(), time.perf_counter()
        peaks: list[float] = []
        segments, characters, seconds = 0, 0, 0.0
        for part in recogniser.parts([Path(folder) / "long.wav"]):
            segments += len(part.segments)
            characters += sum(len(segment.text) for segment in part.segments)
            seconds = part.seconds
            half_hour = int(max(0.0, seconds - 0.001) // 1800)
            peaks += [0.0] * (half_hour + 1 - len(peaks))
            peaks[half_hour] = max(peaks[half_hour], memory_mb() - before)
    elapsed = time.perf_counter() - began
    return {
        "kind": kind,
        "parameters": sum(parameter.numel() for parameter in recogniser.parameters()),
        "audio_seconds": seconds,
        "half_hour_peaks_mb": [round(peak) for peak in peaks],
        "real_time_factor": round(elapsed / seconds, 4),
        "segments": segments,
        "characters": characters,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(sys.argv[1], float(sys.argv[2]))) + "\n")
