import pytest

from sonovox.finetuning import FinetuneSettings
from sonovox.finetuning.model_card import model_card

RECORD = {
    "letters": ["a", "b"],
    "report": ["data        private/path", "pairs       3, 3.0 h of sound", "odd         x"],
}


@pytest.mark.parametrize(("encoder", "named"), [("hf:owner/name", True), ("facebook/wav2vec2-base", True)])
def test_it_says_what_the_model_is_and_how_good(tmp_path, encoder, named):
    settings = FinetuneSettings(encoder, str(tmp_path), tmp_path / "birds")
    card = model_card(settings, RECORD, {"WER": 12.345, "CER": 4.0, "epoch": 7})
    assert card.startswith("---\nlibrary_name: sonovox\npipeline_tag: automatic-speech-recognition\nbase_model:")
    assert "# birds\n" in card
    assert "| word error rate of the dev set | 12.35 % |" in card or "12.34 %" in card
    assert "sonovox transcribe --model birds recording.wav" in card
    assert "pairs       3" in card


def test_paths_of_this_machine_do_not_go_out(tmp_path, encoder):
    settings = FinetuneSettings(str(encoder), str(tmp_path), tmp_path / "birds")
    card = model_card(settings, RECORD, {"WER": 1.0, "CER": 1.0, "epoch": 1})
    assert "base_model" not in card
    assert "private" not in card
    assert str(encoder) not in card
