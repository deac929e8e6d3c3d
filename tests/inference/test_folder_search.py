import importlib.util
import json

import pytest
import torch

from small_encoder import VOCABULARY, write_folder
from sonovox._internal.errors import DecodingError, SonovoxWarning, WeightsError
from sonovox.decoding import CTCBeamSearcher
from sonovox.inference import EncoderASR
from sonovox.inference.folder_search import search_of_folder

ARPA = """\\data\\
ngram 1=4

\\1-grams:
-1.0\t<unk>
-9.0\tA
-0.1\tB
-0.5\t</s>

\\end\\
"""
TEXTS = VOCABULARY.texts()


def with_language_model(folder, name="5gram.arpa", content=ARPA, attributes=None):
    (folder / "language_model").mkdir(parents=True)
    (folder / "alphabet.json").write_text(json.dumps({"labels": TEXTS, "is_bpe": False}))
    (folder / "language_model" / name).write_text(content)
    (folder / "language_model" / "unigrams.txt").write_text("A\nB\n")
    if attributes is not None:
        (folder / "language_model" / "attrs.json").write_text(json.dumps(attributes))
    return folder


def test_a_language_model_decides_between_what_sounds_alike(tmp_path):
    settings = {"alpha": 2.0, "beta": 0.0, "unk_score_offset": -10.0, "score_boundary": False}
    search = search_of_folder(with_language_model(tmp_path, attributes=settings), TEXTS, 0)
    frames = torch.full((1, 3, 6), 1e-3)
    frames[0, 1, 3], frames[0, 1, 4], frames[0, [0, 2], 0] = 0.5, 0.45, 0.99
    ((best,),) = search(frames.log())
    assert best.text == "B"
    ((plain,),) = CTCBeamSearcher(0, TEXTS)(frames.log())
    assert plain.text == "A"


def test_a_recogniser_uses_it_and_keeps_it_in_copies(tmp_path):
    folder = with_language_model(write_folder(tmp_path / "model", aux_num_out=6))
    model = EncoderASR.from_hparams(folder, savedir=tmp_path / "copy")
    assert model.decoding_function.words is not None
    assert model.has_times
    assert EncoderASR.from_hparams(tmp_path / "copy").decoding_function.words is not None


def test_a_folder_without_one_has_no_search(tmp_path):
    assert search_of_folder(tmp_path, TEXTS, 0) is None


@pytest.mark.skipif(importlib.util.find_spec("kenlm") is not None, reason="kenlm is installed")
@pytest.mark.parametrize("is_there", [True, False])
def test_what_needs_kenlm_is_left_with_a_warning(tmp_path, is_there):
    folder = with_language_model(tmp_path, "5gram.bin", "mmap lm http://kheafield.com/code format version 5")
    if not is_there:
        (folder / "language_model" / "5gram.bin").unlink()
    with pytest.warns(SonovoxWarning, match=r"used without its language model.*pip install 'sonovox\[lm\]'"):
        assert search_of_folder(folder, TEXTS, 0) is None


def test_damaged_files_are_told(tmp_path):
    folder = with_language_model(tmp_path, attributes={})
    (folder / "language_model" / "attrs.json").write_text("[")
    with pytest.raises(WeightsError, match=r"attrs\.json cannot be read"):
        search_of_folder(folder, TEXTS, 0)
    (folder / "language_model" / "attrs.json").unlink()
    (folder / "language_model" / "5gram.arpa").write_text("nothing")
    with pytest.raises(DecodingError):
        search_of_folder(folder, TEXTS, 0)
