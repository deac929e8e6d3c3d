import pytest

from sonovox._internal.errors import WeightsError
from sonovox.models.whisper.config import WhisperConfig

OPENAI_TINY_EN = {
    "n_mels": 80,
    "n_vocab": 51864,
    "n_audio_ctx": 1500,
    "n_audio_state": 384,
    "n_audio_head": 6,
    "n_audio_layer": 4,
    "n_text_ctx": 448,
    "n_text_state": 384,
    "n_text_head": 6,
    "n_text_layer": 4,
}


def test_openai_and_hugging_face_describe_the_same_model():
    huggingface = {
        "num_mel_bins": 80,
        "vocab_size": 51864,
        "d_model": 384,
        "encoder_attention_heads": 6,
        "encoder_layers": 4,
        "decoder_layers": 4,
        "max_source_positions": 1500,
        "max_target_positions": 448,
    }
    expected = WhisperConfig(vocab_size=51864)
    assert WhisperConfig.from_openai(OPENAI_TINY_EN) == expected
    assert WhisperConfig.from_huggingface(huggingface) == expected


def test_names_the_sizes_that_are_missing():
    with pytest.raises(WeightsError, match="dims does not describe a Whisper model: n_mels, n_vocab missing"):
        WhisperConfig.from_openai({k: v for k, v in OPENAI_TINY_EN.items() if k not in ("n_mels", "n_vocab")})
