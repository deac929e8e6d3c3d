"""Every source file has its test file at the same place of the other tree, and every test file its source file."""

from pathlib import Path, PurePosixPath

from house.sources import ROOT, SOURCE, source_files

TESTS = ROOT / "tests"
# Folders of tests that are about no single file, and test files that are: why.
FREE_FOLDERS = {"house", "parity"}
FREE_TESTS = {
    "augment/test_every_augmentation.py": "what every augmentation has in common",
    "dsp/matrix/test_matrix.py": "what every operation of dsp has in common",
    "hparams/test_hostile.py": "what no model file may do, through all of hparams",
    "hub/test_fetch_under_fault.py": "fetching while things go wrong at a hundred places",
    "hub/test_hostile_weights.py": "weights and folders that want to do harm",
    "inference/test_reference_folders.py": "model folders of SpeechBrain, loaded unchanged",
    "io/test_mutations.py": "damaged files, through load, info and stream",
    "integrations/huggingface/test_reference_wrappers.py": "wrappers of SpeechBrain against its numbers",
    "nn/test_layer_properties.py": "what every layer has in common",
    "nn/test_reference_layers.py": "layers and models with SpeechBrain's weights against its numbers",
    "test_encoder_tutorial.py": "the YAML and the Brain of the first tutorial",
    "test_docs.py": "the pages of docs/ and the README",
    "test_examples.py": "the examples",
    "test_recipes.py": "the recipes",
}


def test_of(source: PurePosixPath) -> PurePosixPath | None:
    """Where the tests of a source file are; None for files that need none."""
    return None if source.stem in ("__init__", "__main__") else source.with_name(f"test_{source.name}")


test_of.__test__ = False  # type: ignore[attr-defined]  # pytest takes it for a test by its name


def source_of(test: PurePosixPath) -> PurePosixPath | None:
    """Which source file a test file is about; None for those that are about none."""
    if test.parts[0] in FREE_FOLDERS or str(test) in FREE_TESTS or not test.name.startswith("test_"):
        return None
    return test.with_name(test.name.removeprefix("test_"))


def _relative(paths: list[Path], root: Path) -> list[PurePosixPath]:
    return [PurePosixPath(path.relative_to(root).as_posix()) for path in paths]


def test_every_source_file_has_its_test_file():
    expected = [test for source in _relative(list(source_files()), SOURCE) if (test := test_of(source))]
    missing = [f"tests/{test}" for test in expected if not (TESTS / test).exists()]
    assert not missing, "\n".join(["there are no", *missing])


def test_every_test_file_has_its_source_file():
    tests = _relative(sorted(TESTS.rglob("*.py")), TESTS)
    lonely = [f"tests/{test}" for test in tests if (source := source_of(test)) and not (SOURCE / source).exists()]
    assert not lonely, "\n".join(["about no source file of their name are", *lonely])


def test_every_exception_is_there():
    assert [test for test in FREE_TESTS if not (TESTS / test).exists()] == []


def test_the_rule_knows_what_belongs_together():
    assert test_of(PurePosixPath("io/load.py")) == PurePosixPath("io/test_load.py")
    assert source_of(PurePosixPath("models/whisper/test_model.py")) == PurePosixPath("models/whisper/model.py")
    assert test_of(PurePosixPath("io/__init__.py")) is None
    assert source_of(PurePosixPath("house/test_layers.py")) is None
    assert source_of(PurePosixPath("conftest.py")) is None
