"""Whisper beside transformers, with the same weights and the same numbers out.

The sizes are those of `base`; the weights are random, since speed does not depend
on them. Each search says a fixed number of tokens. transformers changes what it is
given as `encoder_outputs`, so it gets a fresh copy each time.
"""

import logging
import warnings

import torch
from measure import Row, report
from transformers import GenerationConfig, WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration
from transformers.modeling_outputs import BaseModelOutput

from sonovox.decoding.whisper import DecodingOptions, decode
from sonovox.dsp.log_mel import log_mel_spectrogram
from sonovox.hub import fetch
from sonovox.models.whisper.config import WhisperConfig as OurConfig
from sonovox.models.whisper.convert import to_huggingface
from sonovox.models.whisper.model import Whisper
from sonovox.models.whisper.packing import pack
from sonovox.models.whisper.pretrained import VOCABULARIES
from sonovox.models.whisper.tokenizer import WhisperTokenizer

N_TOKENS = 64
BASE = OurConfig(d_model=512, n_heads=8, n_encoder_layers=6, n_decoder_layers=6)


def both_models() -> tuple[Whisper, WhisperForConditionalGeneration]:
    torch.manual_seed(0)
    ours = Whisper(BASE).eval()
    for parameter in ours.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, 0, 0.02)
    theirs = WhisperForConditionalGeneration(
        WhisperConfig(
            vocab_size=BASE.vocab_size, d_model=512, encoder_layers=6, decoder_layers=6, encoder_ffn_dim=2048,
            decoder_ffn_dim=2048, encoder_attention_heads=8, decoder_attention_heads=8,
        )
    ).eval()  # fmt: skip
    theirs.load_state_dict(to_huggingface(ours.state_dict()))
    return ours, theirs


def search_row(ours: Whisper, theirs: WhisperForConditionalGeneration, audio: torch.Tensor, beams: int) -> Row:
    source, sha256 = VOCABULARIES[True]
    tokenizer = WhisperTokenizer.from_ranks(fetch(source, sha256=sha256), BASE.vocab_size)
    never = (*tokenizer.not_said, tokenizer.end)  # so that both say all the tokens
    prompt = torch.tensor([tokenizer.prefix("en", "transcribe", timestamps=False)])
    options = DecodingOptions(
        language="en",
        timestamps=False,
        beam_size=beams,
        temperatures=(0.0,),
        suppress_tokens=never,
        max_new_tokens=N_TOKENS,
    )
    settings = GenerationConfig(
        max_new_tokens=N_TOKENS, num_beams=beams, do_sample=False, suppress_tokens=list(never),
        begin_suppress_tokens=tokenizer.blanks, eos_token_id=tokenizer.end, pad_token_id=tokenizer.end,
        decoder_start_token_id=tokenizer.start,
    )  # fmt: skip

    def their_search() -> list[int]:
        outputs = BaseModelOutput(audio.clone())
        found = theirs.generate(encoder_outputs=outputs, decoder_input_ids=prompt, generation_config=settings)
        return found[0, -N_TOKENS:].tolist()

    def our_search() -> list[int]:
        return list(decode(ours, audio, tokenizer, options)[0].tokens)

    same = our_search() == their_search()
    gate = {1: "1.7", 5: "5"}[beams]
    name = f"search, {N_TOKENS} tokens, {'greedy' if beams == 1 else f'beam of {beams}'}"
    return Row(f"{name}{'' if same else ' (TOKENS DIFFER)'}", our_search, {"transformers": their_search}, gate=gate)


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    ours, theirs = both_models()
    waveform = torch.randn(480_000).clamp(-1, 1) * 0.1
    extractor = WhisperFeatureExtractor()
    samples = waveform.numpy()
    mel = log_mel_spectrogram(waveform)[None]
    rows = [
        Row(
            "log-mel of 30 s",
            lambda: log_mel_spectrogram(waveform),
            {"transformers": lambda: extractor(samples, sampling_rate=16000)},
            gate="1.8",
        ),
        Row("encoder, fp32", lambda: ours.encode(mel), {"transformers": lambda: theirs.model.encoder(mel)}),
    ]
    with torch.inference_mode():
        report("Whisper base", rows, rounds=5)
        audio = ours.encode(mel)
        report("Whisper base, plain weights", [search_row(ours, theirs, audio, n) for n in (1, 5)], rounds=5)
        half = pack(Whisper(BASE).eval().to(torch.bfloat16))
        pack(ours)
        peer = {"transformers": lambda: theirs.model.encoder(mel)}
        packed = [
            Row("encoder, fp32", lambda: ours.encode(mel), peer),
            Row("encoder, ours bf16 against fp32", lambda: half.encode(mel), peer, gate="3 with AMX"),
            *(search_row(ours, theirs, audio, n) for n in (1, 5)),
        ]
        report("Whisper base, packed weights", packed, rounds=5)


if __name__ == "__main__":
    main()
