import pytest

from sonovox.training.curves import draw_curves

ROWS = [
    {
        "epoch": epoch,
        "lr": 0.1 / epoch,
        "train loss": 3.0 / epoch,
        "valid loss": 3.5 / epoch,
        "valid WER": 90.0 / epoch**3,
    }
    for epoch in range(1, 6)
]


def test_a_picture_is_drawn(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib draws the curves")
    assert draw_curves(ROWS, tmp_path / "log.png")
    assert (tmp_path / "log.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("rows", [[], ROWS[:1], [{"train loss": 1.0}] * 3, [{"epoch": 1, "note": "x"}] * 2])
def test_without_two_epochs_of_numbers_there_is_none(tmp_path, rows):
    assert not draw_curves(rows, tmp_path / "log.png")
    assert not (tmp_path / "log.png").exists()


def test_without_matplotlib_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr("sonovox.training.curves.find_spec", lambda name: None)
    assert not draw_curves(ROWS, tmp_path / "log.png")
