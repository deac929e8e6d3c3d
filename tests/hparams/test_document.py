from sonovox.hparams.document import Document, Mapping, Place, Scalar, Sequence, children, fault, key_path, walk

PLACE = Place(Document("train.yaml"), 3, 1)


def test_a_place_is_written_as_editors_understand_it():
    assert str(PLACE) == "train.yaml:3"
    assert str(Place(Document("<overrides>"))) == "<overrides>"


def test_walking_gives_each_node_once_with_its_path():
    shared = Scalar(PLACE, "", 1)
    tree = Mapping(PLACE, "", {"a": Sequence(PLACE, "", [shared, Scalar(PLACE)]), "b": shared})
    assert [path for path, _ in walk(tree)] == ["", "a", "a[0]", "a[1]"]
    assert children(shared) == []


def test_paths_are_written_as_references_are():
    assert key_path("", "a") == "a"
    assert key_path("a", 0) == "a[0]"
    assert key_path("a[0]", "b") == "a[0].b"


def test_errors_cannot_move_the_cursor_of_a_terminal():
    error = fault(PLACE, "k\x1b[2J", "name \u202e", hint="\x07")
    assert str(error) == "train.yaml:3: k\ufffd[2J: name \ufffd; \ufffd"
    assert (error.file, error.line) == ("train.yaml", 3)
    assert len(fault(PLACE, "k" * 5000, "x").key) < 250
