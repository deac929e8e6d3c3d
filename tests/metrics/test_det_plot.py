import pytest
import torch

from sonovox._internal.errors import ArgumentError
from sonovox.metrics.det_plot import check_picture, plot_det

SAME, OTHER = torch.tensor([0.6, 0.7, 0.8, 0.2]), torch.tensor([0.4, 0.3, 0.1, 0.65, 0.0])


@pytest.mark.parametrize(("suffix", "begin"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_pictures_of_three_kinds_are_drawn(suffix, begin, tmp_path):
    path = plot_det(SAME, OTHER, tmp_path / f"det.{suffix}", threshold=0.5, title="four and five")
    assert path.read_bytes().startswith(begin)


def test_the_picture_says_the_rates(tmp_path):
    text = plot_det(SAME, OTHER, tmp_path / "det.svg", threshold=0.5).read_text()
    assert "equal error rate 22.50 %" in text
    assert "threshold 0.5: 20.00 % false alarms, 25.00 % misses" in text


def test_perfect_scores_have_a_place_too(tmp_path):
    assert plot_det(SAME[:3], OTHER[:3], tmp_path / "det.png").stat().st_size > 1000


def test_other_kinds_are_refused(tmp_path):
    with pytest.raises(ArgumentError, match=r"a picture must be .pdf, .png, .svg, got det.jpeg"):
        check_picture("det.jpeg")
    with pytest.raises(ArgumentError, match="must hold at least one score"):
        plot_det(SAME, OTHER[:0], tmp_path / "det.png")
