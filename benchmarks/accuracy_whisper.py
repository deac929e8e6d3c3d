"""Word error rates of Whisper tiny.en beside transformers, which runs the same weights on the same files.

    python benchmarks/accuracy_whisper.py [../shared/data] [--fallback]

For each corpus: WER of both (greedy, English normalised), and the share of
utterances for which both say the same tokens. With --fallback windows that fail
are tried again at higher temperatures, as the command does it; the draws of the
two then differ. It needs transformers; see `make bench`.
"""

import json
import sys
import time
from pathlib import Path

import torch
from transformers import GenerationConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration
from transformers import WhisperConfig as TheirConfig

import sonovox
from sonovox.inference.asr import WhisperASR
from sonovox.metrics.error_rate import word_error_rate
from sonovox.models.whisper import load_whisper
from sonovox.models.whisper.convert import to_huggingface
from sonovox.text.english import normalize_english

CORPORA = ("librispeech", "ljspeech", "recordings", "longform")


def peer():
    """transformers' model with the weights of ours, and the generation settings that its hub folder has."""
    model, tokenizer = load_whisper("tiny.en")
    sizes = model.config
    config = TheirConfig(
        vocab_size=sizes.vocab_size,
        d_model=sizes.d_model,
        encoder_layers=sizes.n_encoder_layers,
        decoder_layers=sizes.n_decoder_layers,
        encoder_attention_heads=sizes.n_heads,
        decoder_attention_heads=sizes.n_heads,
        encoder_ffn_dim=4 * sizes.d_model,
        decoder_ffn_dim=4 * sizes.d_model,
    )
    theirs = WhisperForConditionalGeneration(config).eval()
    theirs.load_state_dict(to_huggingface(model.state_dict()))
    theirs.generation_config = GenerationConfig(
        begin_suppress_tokens=tokenizer.blanks,
        bos_token_id=tokenizer.start,
        decoder_start_token_id=tokenizer.start,
        eos_token_id=tokenizer.end,
        pad_token_id=tokenizer.end,
        is_multilingual=False,
        max_initial_timestamp_index=50,
        max_length=448,
        no_timestamps_token_id=tokenizer.no_timestamps,
        prev_sot_token_id=tokenizer.start_of_previous,
        suppress_tokens=tokenizer.not_said,
    )
    return theirs, tokenizer


def hear(theirs, tokenizer, waveform: torch.Tensor, temperatures: tuple[float, ...]) -> list[int]:
    """What transformers says: short recordings in one window, long ones window by window."""
    extractor = WhisperFeatureExtractor()
    long = waveform.numel() > 480_000
    settings = {"truncation": False, "padding": "longest"} if long else {}
    features = extractor(
        waveform.numpy(), sampling_rate=16000, return_tensors="pt", return_attention_mask=True, **settings
    )
    fallback = {
        "temperature": temperatures,
        "compression_ratio_threshold": 2.4,
        "logprob_threshold": -1.0,
        "no_speech_threshold": 0.6,
        "condition_on_prev_tokens": False,
    }
    with torch.inference_mode():
        found = theirs.generate(
            features.input_features, attention_mask=features.attention_mask, return_timestamps=True, **fallback
        )
    tokens = found[0].tolist() if torch.is_tensor(found) else found["sequences"][0].tolist()
    return [token for token in tokens if token < tokenizer.end]


def main() -> None:
    words = [word for word in sys.argv[1:] if word != "--fallback"]
    data = Path(words[0] if words else "../shared/data")
    temperatures = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0) if "--fallback" in sys.argv else (0.0,)
    torch.manual_seed(0)
    theirs, tokenizer = peer()
    ours = WhisperASR.from_pretrained("tiny.en", device="cpu")
    print(f"{'corpus':12} {'files':>5} {'ours %':>7} {'peer %':>7} {'same tokens':>12} {'ours s':>7} {'peer s':>7}")
    for corpus in CORPORA:
        folder = data / corpus
        items = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
        heard: dict[str, list[str]] = {"ours": [], "peer": []}
        seconds = {"ours": 0.0, "peer": 0.0}
        same = 0
        for item in items:
            waveform, _ = sonovox.load(folder / item["audio"], sample_rate=16000, mono=True)
            began = time.perf_counter()
            transcript = ours.transcribe(waveform, sample_rate=16000, temperatures=temperatures)
            seconds["ours"] += time.perf_counter() - began
            tokens = [t for segment in transcript.segments for t in segment.tokens if t < tokenizer.end]
            began = time.perf_counter()
            peer_tokens = hear(theirs, tokenizer, waveform[0], temperatures)
            seconds["peer"] += time.perf_counter() - began
            same += tokens == peer_tokens
            heard["ours"].append(normalize_english(transcript.text))
            heard["peer"].append(normalize_english(tokenizer.decode(peer_tokens)))
            if tokens != peer_tokens:
                print(f"  {item['audio']}\n    ours {transcript.text}\n    peer {tokenizer.decode(peer_tokens)}")
        texts = [normalize_english(item["text"]) for item in items]
        rates = {who: 100 * word_error_rate(texts, said).rate for who, said in heard.items()}
        share = f"{same}/{len(items)}"
        print(
            f"{corpus:12} {len(items):5} {rates['ours']:7.2f} {rates['peer']:7.2f} {share:>12} "
            f"{seconds['ours']:7.1f} {seconds['peer']:7.1f}"
        )


if __name__ == "__main__":
    main()
