import functools

import pytest
import torch

import sonovox
from small_streaming_model import YAML, values
from sonovox._internal.errors import ArgumentError, NonFiniteAudioError, UnsupportedAudioError
from sonovox.decoding import TransducerBeamSearcher, ctc_greedy_decode
from sonovox.decoding.transducer import TransducerGreedySearcherStreamingContext
from sonovox.inference import StreamingASR, save_pretrained
from sonovox.inference.load_recogniser import load_recogniser
from sonovox.nn import GRU, DynChunkTrainConfig, Embedding, Linear, Transducer_joint
from sonovox.text.sentencepiece_processor import SentencePieceProcessor

RATE = 8000
CHUNKS = DynChunkTrainConfig(4, 2)


@pytest.fixture(scope="module")
def asr():
    found = values()
    return StreamingASR(found["modules"], found)


def noise(seconds, seed=0, batch=1):
    generator = torch.Generator().manual_seed(seed)
    loudness = torch.rand(batch, round(seconds * 4) + 1, generator=generator).repeat_interleave(RATE // 4, dim=1)
    samples = torch.rand(batch, round(seconds * RATE), generator=generator) - 0.5
    return samples * loudness[:, : samples.shape[1]]


@torch.no_grad()
def at_once(asr, wavs, chunks):
    """The whole signal, with the chunks as a mask."""
    features = asr.hparams.fea_streaming_extractor.module(wavs)
    return asr.mods.proj_enc(asr.mods.enc(features, dynchunktrain_config=chunks))


def by_chunks(asr, wavs, chunks, size):
    context = asr.make_streaming_context(chunks)
    parts = wavs.split(size, dim=1)
    return torch.cat([asr.encode_chunk(context, part, last=i == len(parts) - 1) for i, part in enumerate(parts)], dim=1)


@pytest.mark.parametrize("chunks", [CHUNKS, DynChunkTrainConfig(1, 0), DynChunkTrainConfig(3, None)])
@pytest.mark.parametrize("seconds", [0.12, 0.5, 3.14159])
def test_chunks_give_what_the_whole_gives_with_a_mask(asr, chunks, seconds):
    wavs = noise(seconds, batch=2)
    expected = at_once(asr, wavs, chunks)
    for size in (asr.get_chunk_size_frames(chunks), 317, wavs.shape[1]):
        found = by_chunks(asr, wavs, chunks, size)
        assert found.shape == expected.shape
        torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-5)


def test_the_mask_matters(asr):
    wavs = noise(3.0)
    whole = at_once(asr, wavs, None)
    assert (at_once(asr, wavs, CHUNKS) - whole).abs().max() > 1e-2


def test_text_is_that_of_the_whole(asr, tmp_path):
    wavs = noise(7.0, seed=3)
    sonovox.save(tmp_path / "a.wav", wavs, RATE, encoding="PCM_F", bits_per_sample=32)
    (tokens,) = ctc_greedy_decode(at_once(asr, wavs, CHUNKS), torch.ones(1), blank_id=0)
    expected = "".join(asr.tokenizer.decode_ndim(tokens))
    assert len(set(expected)) > 3
    pieces = list(asr.transcribe_file_streaming(tmp_path / "a.wav", CHUNKS, savedir="unused"))
    size = asr.get_chunk_size_frames(CHUNKS)
    assert len(pieces) == -(-wavs.shape[1] // size)
    assert "".join(pieces) == asr.transcribe_file(tmp_path / "a.wav", CHUNKS, False) == expected
    assert sum(map(bool, pieces)) > 5


def test_a_transducer_says_what_it_says_of_the_whole(asr, monkeypatch):
    torch.manual_seed(0)
    searcher = TransducerBeamSearcher(
        [Embedding(9, embedding_dim=3), GRU(9, input_size=3)],
        Transducer_joint(),
        [Linear(9, input_size=9)],
        blank_id=0,
        beam_size=1,
    ).eval()
    monkeypatch.setattr(asr.hparams, "decoding_function", searcher.transducer_greedy_decode_streaming)
    monkeypatch.setattr(asr.hparams, "make_decoder_streaming_context", TransducerGreedySearcherStreamingContext)
    wavs = noise(6.0, seed=7)
    expected = searcher.transducer_greedy_decode(at_once(asr, wavs, CHUNKS))[0][0]
    found = [
        token
        for part in asr.parts([wavs[0]], sample_rate=RATE, chunk_size=4, left_context_size=2)
        for segment in part.segments
        for token in segment.tokens
    ]
    assert len(set(expected)) > 2
    assert found == expected
    assert not asr.has_times


def test_the_loop_of_speechbrain_hears_all(asr):
    wavs = noise(2.0, seed=1)
    context = asr.make_streaming_context(CHUNKS)
    size = asr.get_chunk_size_frames(CHUNKS)
    padded = torch.nn.functional.pad(wavs, (0, -wavs.shape[1] % size))
    count = asr.hparams.fea_streaming_extractor.get_recommended_final_chunk_count(size)
    states = []
    for chunk in [*padded.split(size, dim=1), *[torch.zeros(1, size)] * count]:
        states.append(asr.encode_chunk(context, chunk, torch.ones(1)))
        words, tokens = asr.decode_chunk(context, states[-1])
        assert (len(words), len(tokens)) == (1, 1)
    # All chunks that the end of the signal does not touch.
    expected = at_once(asr, wavs, CHUNKS)
    frames = (expected.shape[1] // CHUNKS.chunk_size - 1) * CHUNKS.chunk_size
    torch.testing.assert_close(torch.cat(states, dim=1)[:, :frames], expected[:, :frames], atol=2e-5, rtol=1e-5)


def test_items_of_a_batch_are_heard_as_alone(asr):
    wavs, words = noise(3.0, seed=2, batch=3), ["", "", ""]
    context, size = asr.make_streaming_context(CHUNKS), asr.get_chunk_size_frames(CHUNKS)
    for i, chunk in enumerate(wavs.split(size, dim=1)):
        for item, added in enumerate(asr.transcribe_chunk(context, chunk, last=(i + 1) * size >= wavs.shape[1])):
            words[item] += added
    for item in range(3):
        assert words[item] == asr.transcribe(wavs[item], sample_rate=RATE, chunk_size=4, left_context_size=2).text


def test_behind_the_end_of_an_item_is_silence(asr):
    wavs = noise(0.5)
    silent = torch.nn.functional.pad(wavs[:, :3000], (0, 1000))
    found = [
        asr.encode_chunk(asr.make_streaming_context(CHUNKS), chunk, torch.tensor([length]), last=True)
        for chunk, length in ((wavs, 0.75), (silent, 1.0))
    ]
    assert torch.equal(*found)


def test_memory_does_not_grow_with_the_signal(asr):
    context, size = asr.make_streaming_context(CHUNKS), asr.get_chunk_size_frames(CHUNKS)
    held = []
    for chunk in noise(20.0).split(size, dim=1):
        asr.transcribe_chunk(context, chunk)
        layers = context.encoder_context.encoder_context.layers
        held.append(
            context.fea_extractor_context.left_context.shape[1]
            + context.features.shape[1]
            + sum(layer.mha_left_context.shape[1] for layer in layers if layer.mha_left_context is not None)
        )
    assert len(set(held[20:])) == 1


def test_latency_is_told(asr, tmp_path):
    sonovox.save(tmp_path / "a.wav", noise(2.0), RATE)
    context = asr.make_streaming_context(CHUNKS)
    assert context.latency.chunk_seconds == 4 * 320 / RATE
    # 25 ms of the spectra, and 3 frames of convolutions, half of it behind a frame
    assert context.latency.lookahead_seconds == pytest.approx((0.025 + 0.06) / 2, abs=1e-3)
    assert context.latency.algorithmic_seconds == pytest.approx(0.16 + 0.0425, abs=1e-3)
    list(asr.transcribe_file_streaming(tmp_path / "a.wav", CHUNKS, context=context))
    latency = context.latency
    assert (latency.chunks, latency.audio_seconds) == (13, pytest.approx(2.0))
    assert 0 < latency.longest_seconds <= latency.busy_seconds
    assert latency.real_time_factor == pytest.approx(latency.busy_seconds / 2.0)
    assert latency.worst_seconds == latency.algorithmic_seconds + latency.longest_seconds
    assert str(latency).startswith("0.20 s of waiting for sound, ")


def test_segments_have_the_times_of_their_words(asr):
    transcript = asr.transcribe(noise(8.0, seed=5), sample_rate=RATE)
    words = [word for segment in transcript.segments for word in segment.words]
    assert "".join(word.text for word in words) == "".join(transcript.text.split())
    assert [word.start for word in words] == sorted(word.start for word in words)
    assert transcript.duration == pytest.approx(8.0)
    assert words[-1].end <= 8.0
    assert asr.has_times


def test_segments_end_in_pauses_and_at_spaces(asr, monkeypatch):
    said = iter([[1], [2], [], [], [], [3], [8, 4], [], [5]] + [[6]] * 4 + [[8, 7], [7]])
    monkeypatch.setattr(asr.hparams, "decoding_function", lambda x, context: [next(said, [])])
    monkeypatch.setattr(asr.hparams, "make_decoder_streaming_context", lambda: None)
    monkeypatch.setattr("sonovox.inference.streaming_asr.LONGEST_SEGMENT", 3.0)
    # Each chunk is one frame of 0.4 s: the second word goes on when the segment grows too long.
    monkeypatch.setattr(asr, "get_chunk_size_frames", lambda chunks: 3200)
    monkeypatch.setattr(asr, "encode_chunk", lambda context, chunk, chunk_len, last: torch.zeros(1, 1, 9))
    transcript = asr.transcribe(noise(8.0), sample_rate=RATE)
    assert not asr.has_times
    assert [segment.text for segment in transcript.segments] == ["ab", "c", "deffff", "gg"]
    assert all(segment.words == () for segment in transcript.segments)
    assert [s.start for s in transcript.segments] == sorted(s.start for s in transcript.segments)


def test_a_folder_of_it_is_a_recogniser(tmp_path, asr):
    (tmp_path / "train.yaml").write_text(YAML)
    found = values()
    parts = ["CNN", "normalize", "Transformer", "proj_enc", "tokenizer"]
    save_pretrained(
        tmp_path / "m",
        tmp_path / "train.yaml",
        interface="StreamingASR",
        keys=[*StreamingASR.HPARAMS_NEEDED, "sample_rate", "modules"],
        loadables={name: found[name] for name in parts},
    )
    wavs = noise(3.0, seed=4)
    again = load_recogniser(tmp_path / "m", device="cpu")
    assert type(again) is StreamingASR
    expected = list(asr.parts([wavs[0]], sample_rate=RATE, chunk_size=4))
    assert list(again.parts([wavs[0]], sample_rate=RATE, chunk_size=4)) == expected
    assert expected[0].segments == ()
    assert expected[-1].seconds == pytest.approx(3.0)


def test_chunks_of_the_folder_are_usual(asr, monkeypatch):
    monkeypatch.setattr(asr.hparams, "dynchunktrain_config", CHUNKS, raising=False)
    wavs = noise(3.0, seed=4)
    assert asr.transcribe(wavs, sample_rate=RATE) == asr.transcribe(
        wavs, sample_rate=RATE, chunk_size=4, left_context_size=2
    )


def test_pieces_of_words_are_joined(asr, speechbrain_reference, monkeypatch):
    tokenizer = SentencePieceProcessor()
    tokenizer.load(str(speechbrain_reference / "asr-crdnn-rnnlm" / "model" / "tokenizer.ckpt"))
    ids = tokenizer.encode_as_ids("HE THINKS SO")
    given = iter([ids[:3], [], ids[3:]])
    monkeypatch.setattr(asr, "tokenizer", tokenizer)
    monkeypatch.setattr(asr.hparams, "decoding_function", lambda x, context: [next(given)])
    context = asr.make_streaming_context(CHUNKS)
    said = [asr.decode_chunk(context, torch.zeros(1, 4, 9))[0][0] for _ in range(3)]
    assert "".join(said) == "HE THINKS SO"


def test_what_cannot_be_heard_is_refused(asr, tmp_path):
    context = functools.partial(asr.make_streaming_context, CHUNKS)
    with pytest.raises(ArgumentError, match=r"chunk must be \(batch, time\), got \(8,\)"):
        asr.encode_chunk(context(), torch.zeros(8))
    with pytest.raises(ArgumentError, match="no samples to hear"):
        asr.encode_chunk(context(), torch.zeros(1, 0), last=True)
    with pytest.raises(NonFiniteAudioError):
        asr.encode_chunk(context(), torch.full((1, 8), float("inf")))
    with pytest.raises(UnsupportedAudioError, match="the tensor holds no samples"):
        asr.transcribe(torch.zeros(0), sample_rate=RATE)
    with pytest.raises(ArgumentError, match="unknown arguments savefolder"):
        list(asr.transcribe_file_streaming(tmp_path / "a.wav", CHUNKS, savefolder="x"))
    with pytest.raises(ArgumentError, match="option must be one of chunk_size, left_context_size, got 'beam_size'"):
        asr.check({"beam_size": 3})
    with pytest.raises(ArgumentError, match="chunk_size must be at least 1"):
        asr.check({"chunk_size": 0})
    with pytest.raises(ArgumentError, match="StreamingASR needs the modules proj_enc"):
        StreamingASR({"enc": asr.mods.enc}, vars(asr.hparams))
