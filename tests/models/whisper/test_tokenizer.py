import base64
import json

import pytest

from sonovox._internal.errors import ArgumentError, WeightsError
from sonovox.models.whisper.tokenizer import WhisperTokenizer

# A vocabulary small enough to read: all bytes, then merges in order of rank.
MERGES = [b"th", b"the", b" the", b" c", b" ca", b" cat", b" -", b" '", b"\xe2\x99", b"\xe2\x99\xaa"]
TEXTS = [bytes([byte]) for byte in range(256)] + MERGES
N_SPECIAL = 2 + 2 + 4 + 1501  # end, start, two tasks, four more, times
MULTILINGUAL = len(TEXTS) + N_SPECIAL + 99


@pytest.fixture
def ranks(tmp_path):
    path = tmp_path / "small.tiktoken"
    path.write_bytes(b"".join(base64.b64encode(text) + b" %d\n" % rank for rank, text in enumerate(TEXTS)))
    return path


@pytest.fixture
def tokenizer(ranks):
    tokenizer = WhisperTokenizer.from_ranks(ranks, MULTILINGUAL)
    tokenizer.multilingual = True  # the size of the real vocabulary decides this
    return tokenizer


@pytest.fixture
def folder(tmp_path, tokenizer):
    """The same vocabulary as a Hugging Face folder."""
    tokenizer.encode("x")  # build the encoder
    folder = tmp_path / "folder"
    folder.mkdir()
    tokenizer._encoder.save(str(folder / "tokenizer.json"))
    return folder


def test_merges_by_rank_and_reads_back(tokenizer):
    tokens = tokenizer.encode("the cat")
    assert [tokenizer.texts[token] for token in tokens] == [b"the", b" cat"]
    assert tokenizer.decode(tokens) == "the cat"


@pytest.mark.parametrize("text", ["naïve 日本語 ♪", "  two  spaces\nand a line", "", "<|endoftext|>"])
def test_any_text_comes_back(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_decoding_leaves_out_special_tokens_and_times(tokenizer):
    the = tokenizer.encode("the")
    assert tokenizer.decode([tokenizer.start, tokenizer.first_timestamp + 7, *the, tokenizer.end]) == "the"


def test_half_a_character_is_marked(tokenizer):
    assert tokenizer.decode(list("♪".encode())[:2]) == "\N{REPLACEMENT CHARACTER}"


def test_special_tokens_follow_the_text_in_openais_order(tokenizer):
    end = len(TEXTS)
    assert (tokenizer.end, tokenizer.start, tokenizer.languages["en"]) == (end, end + 1, end + 2)
    assert tokenizer.tasks == {"translate": end + 101, "transcribe": end + 102}
    assert tokenizer.no_timestamps == end + 106
    assert tokenizer.first_timestamp + 1501 == MULTILINGUAL


def test_prefix_says_language_task_and_times(tokenizer):
    german = tokenizer.languages["de"]
    expected = [tokenizer.start, german, tokenizer.tasks["translate"]]
    assert tokenizer.prefix("german", "translate", timestamps=True) == expected
    assert tokenizer.prefix("de", "translate", timestamps=False) == [*expected, tokenizer.no_timestamps]


def test_english_only_model_has_a_short_prefix_and_refuses_the_rest(tokenizer):
    tokenizer.multilingual = False
    assert tokenizer.prefix(None, "transcribe", timestamps=True) == [tokenizer.start]
    with pytest.raises(ArgumentError, match=r"English-only, got language de; take one without \.en"):
        tokenizer.prefix("de", "transcribe", timestamps=True)
    with pytest.raises(ArgumentError, match="English-only, got task translate"):
        tokenizer.prefix("en", "translate", timestamps=True)


def test_refuses_a_language_that_came_later(tokenizer):
    with pytest.raises(ArgumentError, match="does not know language yue; large-v3 and turbo do"):
        tokenizer.prefix("cantonese", "transcribe", timestamps=True)


def test_annotations_are_not_said(tokenizer):
    banned = {tokenizer.texts[token] for token in tokenizer.not_said if token < tokenizer.end}
    # Alone and after a space; of music signs the first piece.
    assert {b'"', b"(", b" -", b" '", "♪".encode(), b"\xe2\x99"} <= banned
    assert not banned & {b"-", b"'", b"the", b"a", b","}
    assert tokenizer.start_of_previous in tokenizer.not_said
    assert tokenizer.no_timestamps not in tokenizer.not_said  # the grammar of times sees to it


def test_a_hugging_face_folder_is_the_same_tokenizer(folder, tokenizer):
    other = WhisperTokenizer.from_folder(folder, MULTILINGUAL)
    assert other.texts == tokenizer.texts
    assert other.encode("the cat ♪") == tokenizer.encode("the cat ♪")


def test_a_folder_of_vocabulary_and_merges_is_the_same_tokenizer(folder, tokenizer):
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.json").write_text(json.dumps(model["vocab"] | {"<|endoftext|>": len(TEXTS)}))
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", encoding="utf-8")
    other = WhisperTokenizer.from_folder(folder, MULTILINGUAL)
    assert other.texts == tokenizer.texts
    assert other.encode("the cat ♪") == tokenizer.encode("the cat ♪")


def test_refuses_a_vocabulary_of_another_model(ranks):
    with pytest.raises(WeightsError, match="266 texts does not fit a model of 51865 tokens; English-only models take"):
        WhisperTokenizer.from_ranks(ranks, 51865)


def test_refuses_files_of_another_kind(tmp_path):
    (tmp_path / "noise.tiktoken").write_bytes(b"what is this\n")
    with pytest.raises(WeightsError, match=r"noise\.tiktoken is not a list of BPE ranks"):
        WhisperTokenizer.from_ranks(tmp_path / "noise.tiktoken", 51865)
    with pytest.raises(WeightsError, match=r"holds no vocabulary; it needs tokenizer\.json"):
        WhisperTokenizer.from_folder(tmp_path, 51865)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(WeightsError, match="cannot be read"):
        WhisperTokenizer.from_folder(tmp_path, 51865)
