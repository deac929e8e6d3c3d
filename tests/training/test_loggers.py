import csv

import pytest
import torch

from sonovox.errors import MissingDependencyError
from sonovox.training.loggers import FileTrainLogger, TensorboardLogger, TrainLogger


def epochs(path, numbers):
    logger = FileTrainLogger(path / "log.txt")
    for epoch in numbers:
        logger.log_stats({"epoch": epoch, "lr": 1e-3}, {"loss": 2.0 / epoch}, {"loss": 3.0 / epoch, "WER": 50.0})
    return logger


def test_a_line_has_the_form_that_people_know(tmp_path):
    FileTrainLogger(tmp_path / "log.txt", precision=3).log_stats(
        {"epoch": 1, "lr": 0.00015}, {"loss": torch.tensor(1.5)}, {"loss": 1.25, "WER": 12.3456}
    )
    assert (tmp_path / "log.txt").read_text() == (
        "epoch: 1, lr: 1.500e-04 - train loss: 1.500 - valid loss: 1.250, valid WER: 12.346\n"
    )


def test_an_epoch_that_ran_again_has_one_row(tmp_path):
    epochs(tmp_path, [1, 2, 2, 3])
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert rows[0]["valid WER"] == "50.0"
    assert len((tmp_path / "log.txt").read_text().splitlines()) == 4


def test_columns_may_come_later(tmp_path):
    epochs(tmp_path, [1]).log_stats({"tested epoch": 1}, test_stats={"WER": 1.5})
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows[1]["test WER"] == "1.5"
    assert rows[1]["epoch"] == ""


def test_curves_are_drawn_with_the_second_epoch(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib draws the curves")
    epochs(tmp_path, [1])
    assert not (tmp_path / "log.png").exists()
    epochs(tmp_path, [2])
    assert (tmp_path / "log.png").exists()


def test_other_processes_write_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("sonovox.training.loggers.is_main_process", lambda: False)
    epochs(tmp_path, [1])
    assert list(tmp_path.iterdir()) == []


def test_tensorboard_is_an_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "tensorboard", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'sonovox\[tensorboard\]'"):
        TensorboardLogger(tmp_path)


def test_tensorboard_gets_numbers_sounds_and_figures(tmp_path):
    pytest.importorskip("tensorboard", reason="tensorboard is an extra")
    logger = TensorboardLogger(tmp_path)
    logger.log_stats({"epoch": 1, "lr": 0.1}, {"loss": 1.0}, {"loss": 2.0, "note": "text"})
    logger.log_audio("speech", torch.zeros(800), 8000)
    logger.log_figure("spectrogram", torch.rand(8, 20))
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) > 1000


def test_a_logger_of_ones_own_says_how_it_logs():
    with pytest.raises(NotImplementedError):
        TrainLogger().log_stats({})
