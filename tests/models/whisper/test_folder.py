"""A written folder is the same model, here and in transformers."""

import pytest
import torch

from sonovox.models.whisper import Whisper, WhisperConfig, WhisperTokenizer, load_whisper, save_whisper
from sonovox.models.whisper.languages import LANGUAGES
from talking_whisper import CONFIG, said, talking_whisper, write_folder, write_ranks

TOKENS = torch.tensor([[258, 266, 116, 104]])


@pytest.fixture
def model():
    return talking_whisper(said("the cat", 1.0))


def test_it_is_read_as_it_was_written(tmp_path, model):
    folder = write_folder(tmp_path / "cat", model)
    loaded, tokenizer = load_whisper(folder)
    assert loaded.config == model.config
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, loaded.state_dict()[name]), name
    assert tokenizer.encode("the cat") == list(b"the cat")
    saved, again = load_whisper(save_whisper(tmp_path / "again", loaded, tokenizer, card="# Cat"))
    assert again.special == tokenizer.special
    assert again.texts == tokenizer.texts
    assert torch.equal(saved.decoder.positions, model.decoder.positions)
    assert (tmp_path / "again" / "README.md").read_text() == "# Cat"


def test_special_tokens_are_all_that_no_text_holds(tmp_path):
    special = WhisperTokenizer.from_ranks(write_ranks(tmp_path / "ranks.tiktoken"), CONFIG.vocab_size).special
    assert sorted(special.values()) == list(range(257, CONFIG.vocab_size))
    assert special["<|30.00|>"] - special["<|0.00|>"] == 1500
    assert list(special)[2] == f"<|{next(iter(LANGUAGES))}|>"


@pytest.mark.peers
def test_transformers_hears_the_same(tmp_path, model):
    transformers = pytest.importorskip("transformers", reason="needs transformers")
    folder = write_folder(tmp_path / "cat", model)
    theirs = transformers.WhisperForConditionalGeneration.from_pretrained(folder).eval()
    processor = transformers.WhisperProcessor.from_pretrained(folder)
    features = processor(torch.randn(16000).numpy(), sampling_rate=16000, return_tensors="pt").input_features
    with torch.no_grad():
        found = theirs(input_features=features, decoder_input_ids=TOKENS).logits
        torch.testing.assert_close(found, model(features, TOKENS), rtol=1e-5, atol=1e-4)
        written = theirs.generate(features, return_timestamps=True)
    assert processor.batch_decode(written, skip_special_tokens=True) == ["the cat"]
    assert "<|1.00|>" in processor.batch_decode(written, decode_with_timestamps=True)[0]
    assert processor.tokenizer("a cat", add_special_tokens=False).input_ids == list(b"a cat")


@pytest.mark.peers
def test_transformers_reads_the_vocabulary_of_the_real_tiny_en(tmp_path, tiny_en):
    transformers = pytest.importorskip("transformers", reason="needs transformers")
    ours = tiny_en.tokenizer
    config = WhisperConfig(vocab_size=51864, d_model=64, n_heads=2, n_encoder_layers=1, n_decoder_layers=1)
    theirs = transformers.WhisperTokenizer.from_pretrained(save_whisper(tmp_path / "tiny", Whisper(config), ours))
    for text in (" Hello, world's 12 things!", "a  b é 日本", " two\n"):
        assert theirs(text, add_special_tokens=False).input_ids == ours.encode(text)
    assert theirs.convert_tokens_to_ids(list(ours.special)) == list(ours.special.values())
