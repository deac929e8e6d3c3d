import pytest

from small_corpora import librispeech
from sonovox._internal.errors import ChoiceError, DataError
from sonovox.data import DynamicItemDataset
from sonovox.datasets import prepare_librispeech


@pytest.fixture
def corpus(tmp_path):
    return librispeech(tmp_path)


def test_a_split_is_a_csv(corpus):
    prepare_librispeech(corpus, corpus / "out", ["train-clean-100"], ["dev-clean"])
    train = DynamicItemDataset.from_csv(corpus / "out" / "train-clean-100.csv")
    assert train.data_ids == ["19-198-0000", "19-198-0001", "19-198-0002"]
    item = train.data["19-198-0001"]
    assert (item["duration"], item["spk_id"], item["wrd"]) == (0.6, "19-198", "TAKE B")
    assert item["wav"].endswith("LibriSpeech/train-clean-100/19/198/19-198-0001.flac")
    assert len(DynamicItemDataset.from_csv(corpus / "out" / "dev-clean.csv")) == 3


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
    assert DynamicItemDataset.from_csv(corpus / "out" / "all.csv").data_ids == ["19-198-0000", "22-198-0000"]


def test_what_is_missing_is_told(corpus):
    with pytest.raises(ChoiceError, match="did you mean dev-clean"):
        prepare_librispeech(corpus, corpus / "out", dev_splits=["dev-cleen"])
    with pytest.raises(DataError, match="has no test-other"):
        prepare_librispeech(corpus, corpus / "out", te_splits=["test-other"])
    next(corpus.rglob("22-198.trans.txt")).unlink()
    with pytest.raises(DataError, match=r"3 sounds in .*dev-clean have no text, such as"):
        prepare_librispeech(corpus, corpus / "out", dev_splits=["dev-clean"])
