"""Batches of items, each under its own random state."""

import pytest
import torch

from random_items import Failing, RandomItems, as_list
from sonovox.data.item_reader import ItemReader, Task


def test_an_item_is_the_same_in_any_company():
    reader = ItemReader(RandomItems(5), as_list, seed=0)
    alone = reader[Task(0, [3])].batch[0]
    assert reader[Task(0, [1, 3, 4])].batch[1] == alone
    assert reader[Task(1, [3])].batch[0]["draws"] != alone["draws"]
    assert ItemReader(RandomItems(5), as_list, seed=1)[Task(0, [3])].batch[0] != alone


def test_the_dataset_is_told_of_the_epoch():
    reader = ItemReader(RandomItems(5), as_list, seed=0)
    assert [reader[Task(epoch, [0])].batch[0]["epoch"] for epoch in (4, 4, 5)] == [4, 4, 5]


def test_an_index_that_is_no_list_gives_an_item_without_a_batch():
    assert ItemReader(["a", "b"], collate=str.upper, seed=0)[Task(0, 1)].batch == "B"


def test_unreadable_items_are_left_out_with_their_reasons():
    answer = ItemReader(Failing(4, {1: OSError("disk"), 2: ValueError("nan")}), as_list, seed=0)[Task(0, [0, 1, 2, 3])]
    assert [item["id"] for item in answer.batch] == ["u0", "u3"]
    assert answer.n_items == 2
    assert answer.unreadable == [("u1", "OSError: disk"), ("u2", "ValueError: nan")]


def test_a_batch_of_which_nothing_is_left_is_not_collated():
    answer = ItemReader(Failing(1, {0: OSError("disk")}), collate=torch.stack, seed=0)[Task(0, [0])]
    assert (answer.batch, answer.n_items, answer.error) == (None, 0, None)


def test_errors_about_the_code_are_answered_with_the_id():
    error = KeyError("wav")
    answer = ItemReader(Failing(4, {1: error}), as_list, seed=0)[Task(0, [0, 1])]
    assert answer.error is error
    assert error.__notes__ == ["while item u1 was computed"]


def test_errors_of_the_collate_function_name_the_items():
    answer = ItemReader(RandomItems(4), collate=torch.stack, seed=0)[Task(0, [0, 3])]
    assert isinstance(answer.error, TypeError)
    assert answer.error.__notes__ == ["while a batch was made of the items u0, u3"]


@pytest.mark.parametrize("errors", [{}, {2: OSError("disk")}, {2: KeyError("wav")}])
def test_the_random_states_of_the_process_stay(errors):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    ItemReader(Failing(4, errors), as_list, seed=0)[Task(0, [1, 2])]
    assert torch.equal(torch.get_rng_state(), before)
