"""`sonovox classify`, with small models of SpeechBrain."""

import pytest

from sonovox.cli.classify import classify


@pytest.mark.parametrize("folder", ["lang-id-ecapa", "emotion-wav2vec2"])
def test_labels_come_with_probabilities_the_likeliest_first(speechbrain_reference, recording, sonovox_here, folder):
    path = recording("a.wav")
    words = ("-m", speechbrain_reference / folder / "model", "--device", "cpu", "--quiet")
    code, out, err = sonovox_here(classify.__name__, path, "--top", "100", *words)
    assert (code, err) == (0, "")
    lines = [line.split("\t") for line in out.splitlines()]
    scores = [float(score) for _, _, score in lines]
    assert {name for name, _, _ in lines} == {str(path)}
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) == pytest.approx(1, abs=0.01)
    _, best, _ = sonovox_here("classify", path, *words)
    assert best == out.splitlines(keepends=True)[0]


def test_cosines_are_called_so_once(speechbrain_reference, recording, sonovox_here):
    words = ("-m", speechbrain_reference / "spkrec-ecapa" / "model", "--device", "cpu")
    code, out, err = sonovox_here("classify", recording("a.wav"), recording("b.wav"), *words)
    assert (code, len(out.splitlines())) == (0, 2)
    assert err.count("the model gives cosines") == 1


def test_bad_files_and_no_network_are_told(speechbrain_reference, recording, sonovox_here):
    words = ("-m", speechbrain_reference / "lang-id-ecapa" / "model", "--device", "cpu", "--quiet")
    code, out, err = sonovox_here("classify", "nowhere.wav", recording("a.wav"), *words)
    assert (code, len(out.splitlines()), "there is no file nowhere.wav" in err) == (1, 1, True)
    code, _, err = sonovox_here("classify", recording("a.wav"))
    assert (code, "lang-id-voxlingua107-ecapa/hyperparams.yaml is not in the cache" in err) == (2, True)
