import pytest

from small_ctc_model import trained, write_model


@pytest.fixture(scope="session")
def ctc_values():
    """The values of a recipe's YAML after its training."""
    return trained()


@pytest.fixture(scope="session")
def ctc_folder(tmp_path_factory, ctc_values):
    """Its model folder."""
    return write_model(tmp_path_factory.mktemp("ctc") / "letters", ctc_values)
