"""The tables point at things that exist, and at nothing that reaches outside."""

import importlib
import importlib.util
import inspect

import pytest

from sonovox.hparams.names import LARGEST, MODEL_NAMES, RECIPE_NAMES, RENAMED_ARGUMENTS

ALL = {**MODEL_NAMES, **RECIPE_NAMES}


def thing_of(home):
    module, _, words = home.partition(":")
    thing = importlib.import_module(module)
    for word in words.split("."):
        thing = getattr(thing, word)
    return thing


def test_every_entry_exists():
    missing = []
    for name, home in ALL.items():
        try:
            thing_of(home)
        except (ImportError, AttributeError) as error:
            missing.append(f"{name}: {error}")
    assert not missing, "\n".join(missing)


def test_entries_are_strings_in_two_parts():
    for name, home in ALL.items():
        module, colon, words = home.partition(":")
        assert colon
        assert all(part.isidentifier() and not part.startswith("_") for part in words.split("."))
        assert not inspect.ismodule(thing_of(home)), name
        assert all(part.isidentifier() for part in [*module.split("."), *name.split(".")])


def test_the_tables_overlap_only_in_what_a_model_folder_may_not_open():
    for name in set(MODEL_NAMES) & set(RECIPE_NAMES):
        if "_of_folder:" in MODEL_NAMES[name]:  # the same without files
            assert issubclass(thing_of(MODEL_NAMES[name]), thing_of(RECIPE_NAMES[name])), name
            continue
        assert ":Unopened" in MODEL_NAMES[name], name
        assert RECIPE_NAMES[name] == MODEL_NAMES[name].replace(":Unopened", ":")


@pytest.mark.parametrize(
    "word", ["load", "save", "open", "from_json", "manual_seed", "compile", "Checkpointer", "Logger"]
)
def test_nothing_that_touches_files_or_settings_is_open_to_model_folders(word):
    assert not [name for name in MODEL_NAMES if name.rpartition(".")[2].endswith(word)]


def test_renamed_arguments_are_arguments():
    for name, renamed in RENAMED_ARGUMENTS.items():
        parameters = inspect.signature(thing_of(ALL[name])).parameters
        assert set(renamed.values()) <= set(parameters), name


def test_bounds_are_on_arguments_that_something_has():
    arguments = {
        argument
        for home in MODEL_NAMES.values()
        if home.startswith("sonovox.")
        for argument in inspect.signature(thing_of(home)).parameters
    }
    assert set(LARGEST) <= arguments
