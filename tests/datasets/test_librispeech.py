import pytest
import soundfile

from sonovox._internal.errors import ChoiceError, DataError
from sonovox.data import DynamicItemDataset
from sonovox.datasets import prepare_librispeech


@pytest.fixture
def corpus(tmp_path):
    """Two splits in the layout of LibriSpeech."""
    for split, speaker, chapter, count in (("train-clean-100", "19", "198", 3), ("dev-clean", "84", "121123", 2)):
        folder = tmp_path / "LibriSpeech" / split / speaker / chapter
        folder.mkdir(parents=True)
        names = [f"{speaker}-{chapter}-{i:04d}" for i in range(count)]
        for i, name in enumerate(names):
            soundfile.write(folder / f"{name}.flac", [0.0] * (1600 * (i + 1)), 16000)
        lines = "".join(f"{name} TEXT OF {i}\n" for i, name in enumerate(names))
        (folder / f"{speaker}-{chapter}.trans.txt").write_text(lines)
    return tmp_path


def test_a_split_is_a_csv(corpus):
    prepare_librispeech(corpus, corpus / "out", ["train-clean-100"], ["dev-clean"])
    train = DynamicItemDataset.from_csv(corpus / "out" / "train-clean-100.csv")
    assert train.data_ids == ["19-198-0000", "19-198-0001", "19-198-0002"]
    item = train.data["19-198-0001"]
    assert (item["duration"], item["spk_id"], item["wrd"]) == (0.2, "19-198", "TEXT OF 1")
    assert item["wav"].endswith("LibriSpeech/train-clean-100/19/198/19-198-0001.flac")
    assert len(DynamicItemDataset.from_csv(corpus / "out" / "dev-clean.csv")) == 2


def test_some_sentences_and_splits_together(corpus):
    splits = ["train-clean-100", "dev-clean"]
    prepare_librispeech(
        corpus / "LibriSpeech",
        corpus / "out",
        splits,
        select_n_sentences=[1, 1],
        merge_lst=splits,
        merge_name="all.csv",
    )
    assert DynamicItemDataset.from_csv(corpus / "out" / "all.csv").data_ids == ["19-198-0000", "84-121123-0000"]


def test_what_is_missing_is_told(corpus):
    with pytest.raises(ChoiceError, match="did you mean dev-clean"):
        prepare_librispeech(corpus, corpus / "out", dev_splits=["dev-cleen"])
    with pytest.raises(DataError, match="has no test-other"):
        prepare_librispeech(corpus, corpus / "out", te_splits=["test-other"])
    next(corpus.rglob("84-121123.trans.txt")).unlink()
    with pytest.raises(DataError, match=r"2 sounds in .*dev-clean have no text, such as"):
        prepare_librispeech(corpus, corpus / "out", dev_splits=["dev-clean"])
