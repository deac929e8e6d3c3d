"""`sonovox speak`, with the small reader and vocoder of SpeechBrain's cases."""

import io

import pytest

import sonovox
from sonovox.cli.speak import speak


@pytest.fixture
def words(speechbrain_reference, tmp_path):
    reader, vocoder = (speechbrain_reference / name / "model" for name in ("tts-tacotron2", "vocoder-hifigan"))
    return ("-m", reader, "--vocoder", vocoder, "--device", "cpu", "-o", tmp_path / "out" / "a.wav")


def test_a_text_becomes_a_file(words, tmp_path, sonovox_here):
    code, out, err = sonovox_here(speak.__name__, "Mary had", "a little lamb. And then?", *words)
    assert (code, out) == (0, f"{words[-1]}\n")
    lines = [line for line in err.splitlines() if "did not come to an end" not in line]
    assert [line.split(": ")[-1] for line in lines] == ["Mary had a little lamb.", "And then?"]
    assert lines[1].startswith("2 of 2 sentences, 0:0")
    metadata = sonovox.info(words[-1])
    assert (metadata.sample_rate, metadata.num_channels, metadata.bits_per_sample) == (22050, 1, 16)


def test_files_and_the_standard_input_are_read(words, tmp_path, sonovox_here, monkeypatch):
    (tmp_path / "text.txt").write_text("Mary had a little lamb.\n")
    found = []
    for asked in (("Mary had a little lamb.",), ("--file", tmp_path / "text.txt"), ("-",)):
        monkeypatch.setattr("sys.stdin", io.StringIO("Mary had a little lamb."))
        assert sonovox_here("speak", *asked, *words, "--quiet")[0] == 0
        found.append(words[-1].read_bytes())
    assert found[0] == found[1] == found[2]


def test_a_sentence_that_was_cut_is_told_and_a_seed_reads_otherwise(words, sonovox_here, monkeypatch):
    from sonovox.models.tacotron2.decoder import Decoder

    monkeypatch.setattr(Decoder, "gate_threshold", property(lambda self: 2.0, lambda self, value: None), raising=False)
    code, _, err = sonovox_here("speak", "Mary had a little lamb.", *words)
    assert (code, "did not come to an end of 'Mary had a little lamb.', which was cut" in err) == (0, True)
    first = words[-1].read_bytes()
    sonovox_here("speak", "Mary had a little lamb.", *words, "--seed", "5")
    assert words[-1].read_bytes() != first


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ((), "give a text, or a text file"),
        (("word", "--file", "a.txt"), "give a text, or a text file"),
        (("--file", "nowhere.txt"), "cannot read nowhere.txt"),
        (("...",), "the text has no words: '...'"),
        (("Hello.",), "tts-tacotron2-ljspeech/hyperparams.yaml is not in the cache"),
    ],
)
def test_what_cannot_be_is_told_and_no_file_is_made(asked, complaint, tmp_path, sonovox_here, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = sonovox_here("speak", *asked)
    assert (code, out, complaint in err) == (2, "", True), err
    assert not (tmp_path / "speech.wav").exists()
