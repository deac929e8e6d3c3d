import json

import pytest
import torch

from small_encoder import speech
from sonovox._internal.errors import WeightsError
from sonovox.models.wav2vec2 import Preprocessor
from sonovox.models.wav2vec2.preprocessor import normalize_items


def test_each_item_is_normalised_over_its_true_length():
    waves, lengths = speech()
    found = normalize_items(waves, lengths)
    for row, wave, length in zip(found, waves, lengths, strict=True):
        alone = wave[:length]
        expected = (alone - alone.mean()) / (alone.var(unbiased=False) + 1e-5).sqrt()
        torch.testing.assert_close(row[:length], expected)
        assert not row[length:].any()


def test_further_axes_belong_to_the_moments():
    x, counts = torch.randn(2, 9, 4) + 3, torch.tensor([9, 5])
    found = normalize_items(x, counts)
    torch.testing.assert_close(found[1:, :5], normalize_items(x[1:, :5]))
    torch.testing.assert_close(found[0].mean(), torch.tensor(0.0), atol=1e-6, rtol=0)


def test_silence_and_empty_items_stay_finite():
    assert normalize_items(torch.zeros(2, 8), torch.tensor([8, 0])).eq(0).all()


@pytest.mark.parametrize("name", ["preprocessor_config.json", "processor_config.json"])
def test_what_is_written_is_read(tmp_path, name):
    original = Preprocessor(8000, do_normalize=False)
    content = original.to_huggingface()
    (tmp_path / name).write_text(json.dumps(content if name.startswith("pre") else {"feature_extractor": content}))
    assert Preprocessor.from_folder(tmp_path) == original


def test_defaults_where_there_is_no_file_and_an_error_where_it_is_damaged(tmp_path):
    assert Preprocessor.from_folder(tmp_path) == Preprocessor(16000, do_normalize=True)
    (tmp_path / "preprocessor_config.json").write_text("[1")
    with pytest.raises(WeightsError, match="cannot be read"):
        Preprocessor.from_folder(tmp_path)
