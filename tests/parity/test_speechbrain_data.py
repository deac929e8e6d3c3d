"""Data sets, label encoders and batches against SpeechBrain's own."""

import importlib.util
import json

import pytest
import sentencepiece
import torch

import sonovox.data as ours

if importlib.util.find_spec("speechbrain") is None:
    pytest.skip("speechbrain is the oracle", allow_module_level=True)

# Its imports warn of what torchaudio no longer has.
pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def theirs():
    """SpeechBrain's modules, whose import warns."""
    import warnings
    from types import SimpleNamespace

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from speechbrain.dataio import dataio
        from speechbrain.dataio.batch import PaddedBatch
        from speechbrain.dataio.dataset import DynamicItemDataset
        from speechbrain.dataio.encoder import CategoricalEncoder, CTCTextEncoder, TextEncoder
        from speechbrain.tokenizers.SentencePiece import SentencePiece
        from speechbrain.utils import data_pipeline, data_utils

        dataio.read_audio  # noqa: B018, loads what is lazy while warnings are off
    return SimpleNamespace(
        CTCTextEncoder=CTCTextEncoder,
        CategoricalEncoder=CategoricalEncoder,
        DynamicItemDataset=DynamicItemDataset,
        PaddedBatch=PaddedBatch,
        SentencePiece=SentencePiece,
        TextEncoder=TextEncoder,
        dataio=dataio,
        pipeline=data_pipeline,
        utils=data_utils,
    )


LABELS = ["dog", "it's", 'a "b"', ("b", 2), 4, "é字", "a\nb", "x => y"]


def grown(encoder):
    """An encoder on which everything was done."""
    encoder.update_from_iterable(["ab", "ca"])
    encoder.insert_bos_eos("<s>", "</s>", bos_index=1)
    encoder.insert_blank(index=0)
    encoder.add_unk()
    encoder.limited_labelset_from_iterable(["zz", "y"], min_count=2)
    encoder.enforce_label("c", 2)
    encoder.insert_label("far", 20)
    encoder.add_label("next")
    encoder.ignore_len()
    return encoder


def test_encoders_number_labels_alike(theirs):
    mine, other = grown(ours.CTCTextEncoder()), grown(theirs.CTCTextEncoder())
    assert mine.lab2ind == other.lab2ind
    assert mine.ind2lab == other.ind2lab
    assert mine.is_continuous() == other.is_continuous()
    for name in ("get_bos_index", "get_eos_index", "get_blank_index"):
        assert getattr(mine, name)() == getattr(other, name)()


def test_encoders_answer_alike(theirs):
    mine, other = grown(ours.CTCTextEncoder()), grown(theirs.CTCTextEncoder())
    indices = [[3, 3, 0, 3, 4], [0, 0, 5, 5, 1]]
    for call in (
        lambda e: e.encode_sequence("abcxyz"),
        lambda e: e.encode_sequence_torch("abc").tolist(),
        lambda e: e.encode_label_torch("a").tolist(),
        lambda e: e.decode_ndim([[[3], 4], 1]),
        lambda e: e.decode_torch(torch.tensor(indices)),
        lambda e: e.collapse_indices_ndim(indices),
        lambda e: e.collapse_indices_ndim(indices, merge_repeats=False),
        lambda e: e.collapse_labels(["a", "a", "<blank>", "a"]),
        lambda e: e.prepend_bos_label("ab"),
        lambda e: e.append_eos_index([1, 2]),
    ):
        assert call(mine) == call(other)


@pytest.mark.parametrize("name", ["CategoricalEncoder", "TextEncoder", "CTCTextEncoder"])
def test_files_are_read_both_ways_and_written_alike(theirs, name, tmp_path):
    mine, other = getattr(ours, name)(starting_index=3), getattr(theirs, name)(starting_index=3)
    for encoder in (mine, other):
        encoder.update_from_iterable([LABELS] if name != "CategoricalEncoder" else LABELS)
        encoder.add_unk("?")
        if name != "CategoricalEncoder":
            encoder.add_bos_eos()
        if name == "CTCTextEncoder":
            encoder.add_blank()
    mine.save(tmp_path / "mine")
    other.save(tmp_path / "other")
    assert (tmp_path / "mine").read_bytes() == (tmp_path / "other").read_bytes()
    assert getattr(ours, name).from_saved(tmp_path / "other").lab2ind == other.lab2ind
    # SpeechBrain cannot read a label with an arrow; without it, it reads ours.
    mine.lab2ind.pop("x => y")
    mine.save(tmp_path / "mine")
    read = getattr(theirs, name)()
    read.load(tmp_path / "mine")
    assert read.lab2ind == mine.lab2ind


@pytest.mark.parametrize(
    "special", [{"blank_label": 0}, {"blank_label": 2, "bos_label": 0, "eos_label": 1}, {"unk_label": "?"}]
)
def test_special_labels_are_understood_alike(theirs, special, tmp_path):
    found = []
    for i, encoder in enumerate((ours.CTCTextEncoder(), theirs.CTCTextEncoder())):
        encoder.load_or_create(tmp_path / str(i), [["abc"]], sequence_input=True, special_labels=special)
        found.append((encoder.lab2ind, (tmp_path / str(i)).read_text()))
    assert found[0] == found[1]


@pytest.fixture
def both(theirs, tmp_path):
    """The same items from the same file on both sides, with the text pipeline of the tutorials."""
    items = {
        f"u{i}": {"words": "abcdefgh"[: i % 4 + 1], "n": i, "length": [3.0, 1.0, 2.0, 1.0, 5.0, 2.0][i]}
        for i in range(6)
    }
    (tmp_path / "data.json").write_text(json.dumps(items))
    pair = []
    for side, pipeline in ((ours, ours), (theirs, theirs.pipeline)):
        dataset = side.DynamicItemDataset.from_json(tmp_path / "data.json")

        @pipeline.takes("words")
        @pipeline.provides("words", "letters", "tokens")
        def text_pipeline(words):
            yield words
            letters = list(words)
            yield letters
            yield torch.tensor([ord(letter) for letter in letters])

        dataset.add_dynamic_item(text_pipeline)
        dataset.add_dynamic_item(lambda n: n * n, takes="n", provides="square")
        pair.append(dataset)
    return pair


def test_items_are_alike(both):
    for keys in (["id", "words", "letters"], {"text": "words", "sq": "square"}, ["square"]):
        for dataset in both:
            dataset.set_output_keys(keys)
        assert [dict(item) for item in both[0]] == [dict(item) for item in both[1]]


@pytest.mark.parametrize(
    "arguments",
    [
        {"sort_key": "length"},
        {"sort_key": "length", "reverse": True},
        {"sort_key": "length", "select_n": 3},
        {"sort_key": "square", "key_max_value": {"length": 2.0}, "reverse": True},
        {"key_min_value": {"square": 4}, "key_test": {"n": lambda n: n % 2 == 0}},
        {"key_test": {"letters": lambda letters: len(letters) < 3}, "select_n": 2},
        {"reverse": True},
    ],
)
def test_filters_choose_alike(both, arguments):
    mine, other = (dataset.filtered_sorted(**arguments) for dataset in both)
    assert mine.data_ids == other.data_ids


def test_overfitting_repeats_alike(both):
    mine, other = (dataset.overfit_test(2, 5) for dataset in both)
    assert mine.data_ids == other.data_ids


def test_batches_are_alike(both, theirs):
    for dataset in both:
        dataset.set_output_keys(["id", "tokens", "letters", "n", "length"])
    mine = ours.PaddedBatch([both[0][i] for i in range(4)])
    other = theirs.PaddedBatch([both[1][i] for i in range(4)])
    assert (mine.id, mine.letters, len(mine), mine.batchsize) == (other.id, other.letters, len(other), other.batchsize)
    for part in ("data", "lengths"):
        assert torch.equal(getattr(mine.tokens, part), getattr(other.tokens, part))
    for key in ("n", "length"):
        assert torch.equal(mine[key], other[key])
        assert mine[key].dtype == other[key].dtype
    assert ours.undo_padding(*mine.tokens) == theirs.utils.undo_padding(*other.tokens)


def test_csv_is_read_alike(theirs, tmp_path):
    (tmp_path / "a.csv").write_text('ID, duration, wav, wrd\nu1, 1.5, $root/a.wav, "x, y"\nu2,2,$root/b.wav,z\n')
    other = theirs.dataio.load_data_csv(tmp_path / "a.csv", {"root": "/d"})
    mine = ours.DynamicItemDataset.from_csv(tmp_path / "a.csv", {"root": "/d"}).data
    assert {name: dict(row) for name, row in mine.items()} == {
        name: {"id": name, **item} for name, item in other.items()
    }


def test_sound_is_read_alike(theirs, shared_data):
    path = str(shared_data / "yesno" / "0_0_0_0_1_1_1_1.wav")
    for sound in (path, {"file": path, "start": 100, "stop": 900}, {"file": path, "start": 5000}):
        assert torch.equal(ours.read_audio(sound), theirs.dataio.read_audio(sound))


def test_words_are_split_and_merged_alike(theirs):
    for words in ([["ab", "c"], ["d"]], [["x"], []]):
        characters = theirs.dataio.split_word(words)
        assert ours.split_word(words) == characters
        assert ours.merge_char(characters) == theirs.dataio.merge_char(characters)


def test_a_tokenizer_of_speechbrain_is_used_as_it_is(theirs, tmp_path):
    texts = ["the cat sat on the mat", "the dog sat on the log", "a cat and a dog"]
    (tmp_path / "train.csv").write_text(
        "ID,duration,wrd\n" + "".join(f"u{i},1,{text}\n" for i, text in enumerate(texts))
    )
    arguments = {
        "annotation_train": str(tmp_path / "train.csv"),
        "annotation_read": "wrd",
        "model_type": "bpe",
        "bos_id": 1,
        "eos_id": 2,
    }
    theirs.SentencePiece(str(tmp_path / "theirs"), 25, **arguments)
    read = ours.SentencePiece(tmp_path / "theirs", 25, **arguments)
    made = ours.SentencePiece(tmp_path / "ours", 25, **arguments)
    assert isinstance(read.sp, sentencepiece.SentencePieceProcessor)
    for text in texts:
        assert made.sp.encode_as_pieces(text) == read.sp.encode_as_pieces(text)
