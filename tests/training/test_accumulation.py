import pytest

from sonovox.training.accumulation import Accumulation


@pytest.mark.parametrize("factor", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("total", [1, 4, 6, 7])
def test_every_batch_belongs_to_a_group_that_steps(factor, total):
    groups = Accumulation(factor)
    groups.begin(total)
    waiting = []
    for step in range(1, total + 1):
        waiting.append(groups.size(step))
        if groups.ends(step):
            assert waiting == [len(waiting)] * len(waiting)  # each is weighed by the size of its group
            waiting.clear()
    assert waiting == []
    assert groups.left_over(total) == 0


def test_where_nobody_knows_the_end_the_last_group_is_left_over():
    groups = Accumulation(4)
    groups.begin(None)
    assert [groups.ends(step) for step in range(1, 7)] == [False, False, False, True, False, False]
    assert groups.left_over(6) == 2
    assert groups.left_over(8) == 0
