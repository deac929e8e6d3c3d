import random

import pytest
import sentencepiece

from sonovox.data import CTCTextEncoder
from sonovox.text import TextStreamingContext, decode_tokens_streaming
from sonovox.text.sentencepiece_processor import SentencePieceProcessor


def joined(tokenizer, tokens, seed):
    chance, context, text, rest = random.Random(seed), TextStreamingContext(), "", list(tokens)
    while rest:
        count = chance.randint(0, 3)
        text += decode_tokens_streaming(tokenizer, rest[:count], context)
        rest = rest[count:]
    return text


@pytest.mark.parametrize("seed", range(10))
def test_joined_it_is_the_text_of_all_tokens(seed, speechbrain_reference):
    tokenizer = SentencePieceProcessor()
    tokenizer.load(str(speechbrain_reference / "asr-crdnn-rnnlm" / "model" / "tokenizer.ckpt"))
    tokens = tokenizer.encode_as_ids("HOW ARE YOU TO DAY MY OLD FRIEND WHOM I HAVE NOT SEEN")
    assert joined(tokenizer, tokens, seed) == tokenizer.decode_ids(tokens)


@pytest.mark.parametrize("seed", range(10))
def test_a_character_of_several_tokens_comes_whole(seed, tmp_path):
    lines = ["ein kleines haus am see", "die katze sitzt im garten", "wir gehen heute baden"] * 5
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_prefix=str(tmp_path / "m"), vocab_size=300, byte_fallback=True,
        hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    tokenizer = SentencePieceProcessor()
    tokenizer.load(str(tmp_path / "m.model"))
    tokens = tokenizer.encode_as_ids("die 猫 im ☃ haus 🐈")
    assert joined(tokenizer, tokens, seed) == tokenizer.decode_ids(tokens) == "die 猫 im ☃ haus 🐈"


def test_labels_are_written_one_after_the_other():
    encoder = CTCTextEncoder()
    encoder.insert_blank(index=0)
    encoder.update_from_iterable(["ab "])
    assert joined(encoder, encoder.encode_sequence("ab a bb"), seed=0) == "ab a bb"
