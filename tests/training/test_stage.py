from sonovox.training import Stage


def test_the_stages_are_the_tutorials():
    assert [stage.name for stage in Stage] == ["TRAIN", "VALID", "TEST"]
