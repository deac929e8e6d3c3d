import pytest
import sentencepiece

from sonovox.text.sentencepiece_processor import SentencePieceProcessor


def test_it_is_what_sentencepiece_makes_of_the_same_file(speechbrain_reference):
    path = str(speechbrain_reference / "asr-crdnn-rnnlm" / "model" / "tokenizer.ckpt")
    own, other = SentencePieceProcessor(), sentencepiece.SentencePieceProcessor(model_file=path)
    own.load(path)
    text = "THE QUICK BROWN FOX"
    assert own.encode_as_ids(text) == other.encode_as_ids(text) != []
    assert own.decode_ids(own.encode_as_ids(text)) == other.decode_ids(other.encode_as_ids(text))


def test_its_constructor_takes_no_file(tmp_path):
    with pytest.raises(TypeError, match="model_file"):
        SentencePieceProcessor(model_file=str(tmp_path / "any.model"))
