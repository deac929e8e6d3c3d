"""Loading: the same batches for any number of workers, exact resume, workers that die, items that cannot be read."""

import contextlib
import logging
import multiprocessing
import os
import random
import signal
import threading
import time

import numpy as np
import pytest
import torch
from torch.utils.data import IterableDataset, RandomSampler

from random_items import Failing, Harmful, RandomItems, as_list
from sonovox._internal.errors import ArgumentError, QuarantineError, WorkerError, WorkerWarning
from sonovox.data import (
    DynamicBatchSampler,
    DynamicItemDataset,
    PaddedBatch,
    SaveableDataLoader,
    ShardedBatchSampler,
)
from sonovox.io import load

WORKERS = [0, 2, pytest.param(4, marks=pytest.mark.slow)]
pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning")  # fewer cores than workers

SECONDS = [1.0 + i % 4 for i in range(20)]


def loader_of(dataset=None, num_workers=0, **settings):
    dataset = RandomItems(20) if dataset is None else dataset
    settings = {"batch_size": 3, "shuffle": True, "collate_fn": as_list, "seed": 7} | settings
    return SaveableDataLoader(dataset, num_workers=num_workers, **settings)


def in_buckets(num_workers=0):
    dataset = RandomItems(20)
    sampler = DynamicBatchSampler(dataset, 6.0, num_buckets=3, lengths_list=SECONDS)
    return SaveableDataLoader(dataset, batch_sampler=sampler, collate_fn=as_list, num_workers=num_workers)


def epochs(loader, n=2):
    batches = []
    for epoch in range(1, n + 1):
        loader.set_epoch(epoch)
        batches.append(list(loader))
    return batches


def worker_pids():
    return sorted(process.pid for process in multiprocessing.active_children())


@pytest.fixture(scope="module")
def undisturbed():
    return epochs(loader_of())


def test_the_random_numbers_of_an_item_are_its_own(undisturbed):
    draws = [item["draws"] for batches in undisturbed for batch in batches for item in batch]
    assert len({number for draw in draws for number in draw}) == 2 * 20 * 3


def test_every_item_comes_once_in_another_order_each_epoch(undisturbed):
    orders = [[item["id"] for batch in batches for item in batch] for batches in undisturbed]
    assert sorted(orders[0]) == sorted(orders[1]) == sorted(RandomItems(20).data_ids)
    assert orders[0] != orders[1]


@pytest.mark.parametrize(
    "settings",
    [
        {"num_workers": 1},
        {"num_workers": 2},
        {"num_workers": 2, "prefetch_factor": 5, "persistent_workers": True},
        pytest.param({"num_workers": 4}, marks=pytest.mark.slow),
        pytest.param({"num_workers": 2, "multiprocessing_context": "spawn"}, marks=pytest.mark.slow),
        pytest.param({"num_workers": 4, "multiprocessing_context": "forkserver"}, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_batches_do_not_depend_on_the_workers(settings, undisturbed):
    assert epochs(loader_of(**settings)) == undisturbed


@pytest.mark.parametrize("num_workers", [0, 2])
def test_the_random_states_of_the_training_process_stay_as_they_are(num_workers):
    def states():
        return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()

    loader = loader_of(num_workers=num_workers)
    before = states()
    for _ in loader:
        assert states() == before
    assert states() == before


def test_what_the_training_process_draws_does_not_reach_the_items(undisturbed):
    loader = loader_of()
    loader.set_epoch(1)
    got = []
    for batch in loader:
        got.append(batch)
        torch.rand(3), np.random.rand(), random.random()
    assert got == undisturbed[0]


def test_an_order_that_torch_would_draw_from_the_process_is_fixed_too():
    dataset = RandomItems(20)
    torch.manual_seed(1)
    first = list(loader_of(dataset, shuffle=False, sampler=RandomSampler(dataset)))
    torch.manual_seed(2)
    assert list(loader_of(dataset, shuffle=False, sampler=RandomSampler(dataset))) == first


@pytest.mark.parametrize("num_workers", WORKERS)
@pytest.mark.parametrize("make", [loader_of, in_buckets], ids=["batches", "buckets"])
def test_a_saved_loader_goes_on_exactly_at_every_position(make, num_workers):
    whole = epochs(make())
    for position in range(0, len(whole[0]) + 1, 1 if num_workers == 0 else 3):
        loader = make(num_workers=num_workers)
        loader.set_epoch(1)
        running = iter(loader)
        for _ in range(position):
            next(running)
        again = make(num_workers=num_workers)
        again.load_state_dict(loader.state_dict())
        assert again.position == position
        again.set_epoch(1)  # as a trainer does at the beginning of an epoch
        assert list(again) == whole[0][position:]
        again.set_epoch(2)
        assert list(again) == whole[1]


def test_skipped_batches_are_not_computed():
    class Counting(RandomItems):
        asked = 0

        def __getitem__(self, index):
            self.asked += 1
            return super().__getitem__(index)

    dataset = Counting(20)
    loader = loader_of(dataset)
    loader.load_state_dict({**loader.state_dict(), "position": 5, "n_batches": 7})
    assert len(list(loader)) == 2
    assert dataset.asked == 5


def test_the_position_counts_batches_and_returns_to_0():
    loader = loader_of(num_workers=2, prefetch_factor=4)
    assert [loader.position for _ in loader] == [1, 2, 3, 4, 5, 6, 7]
    assert loader.position == 0
    assert len(loader) == 7


def test_another_loop_begins_at_the_first_batch_again(undisturbed):
    loader = loader_of(num_workers=2, persistent_workers=True)
    loader.set_epoch(1)
    assert next(iter(loader)) == undisturbed[0][0]
    assert list(loader) == undisturbed[0]


def test_two_loops_at_once_do_not_disturb_each_other(undisturbed):
    loader = loader_of(num_workers=2)
    loader.set_epoch(1)
    assert list(zip(loader, loader, strict=True)) == [(batch, batch) for batch in undisturbed[0]]


def test_a_new_epoch_forgets_a_loaded_position(undisturbed):
    loader = loader_of()
    loader.load_state_dict({"epoch": 1, "position": 4, "n_batches": 7, "quarantine": {"items": []}})
    loader.set_epoch(2)
    assert loader.position == 0
    assert list(loader) == undisturbed[1]


@pytest.mark.parametrize(("position", "n_batches", "known"), [(4, 9, "9"), (8, None, "more")])
def test_a_position_of_another_dataset_is_refused(position, n_batches, known):
    loader = loader_of()
    loader.load_state_dict({**loader.state_dict(), "position": position, "n_batches": n_batches})
    with pytest.raises(ArgumentError, match=f"position {position} was saved in an epoch of {known} batches, this one"):
        iter(loader)


def test_a_position_may_come_without_the_number_of_batches(undisturbed):
    loader = loader_of()
    loader.load_state_dict({**loader.state_dict(), "epoch": 1, "position": 4, "n_batches": None})
    assert list(loader) == undisturbed[0][4:]


def test_persistent_workers_stay(undisturbed):
    loader = loader_of(num_workers=2, persistent_workers=True)
    pids = []
    for epoch in (1, 2):
        loader.set_epoch(epoch)
        assert list(loader) == undisturbed[epoch - 1]
        pids.append(worker_pids())
    assert pids[0] == pids[1]
    assert len(pids[0]) == 2


def test_items_without_batches_are_handed_over_alone():
    loader = SaveableDataLoader(RandomItems(3), batch_size=None, collate_fn=dict)
    assert [item["id"] for item in loader] == ["u0", "u1", "u2"]


# Workers that die or hang


@pytest.mark.parametrize("position", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_a_worker_killed_between_batches_changes_nothing(position, undisturbed):
    loader = loader_of(num_workers=2)
    loader.set_epoch(1)
    running = iter(loader)
    got = [next(running) for _ in range(position)]
    pid = worker_pids()[0]
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.1)
    with pytest.warns(WorkerWarning, match=rf"worker {pid} ended with signal SIGKILL; batch {position} of epoch 1"):
        got += running
    assert got == undisturbed[0]
    loader.set_epoch(2)
    assert list(loader) == undisturbed[1]


@pytest.mark.parametrize("settings", [{}, {"persistent_workers": True}], ids=str)
def test_a_worker_that_dies_on_an_item_once_changes_nothing(settings, undisturbed, tmp_path):
    loader = loader_of(Harmful(20, 11, "kill", tmp_path), num_workers=2, **settings)
    with pytest.warns(WorkerWarning, match="SIGKILL") as warned:
        assert epochs(loader) == undisturbed
    assert len(warned) == 1


class Heavy(RandomItems):
    """Answers beyond what a pipe holds, which a killed worker leaves half written."""

    def __getitem__(self, index):
        return super().__getitem__(index) | {"noise": np.random.rand(30_000).tolist()}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sonovox._internal.errors.WorkerWarning")
def test_kills_at_any_instant_change_nothing():
    expected = list(loader_of(Heavy(20)))
    chance = random.Random(0)
    n_killed = 0

    def kill():
        nonlocal n_killed
        while not over.wait(chance.uniform(0, 0.1)):
            for pid in worker_pids()[:1]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    n_killed += 1
            time.sleep(0.2)

    for _ in range(10):
        over = threading.Event()
        killer = threading.Thread(target=kill)
        killer.start()
        try:
            assert list(loader_of(Heavy(20), num_workers=2, max_restarts=20)) == expected
        finally:
            over.set()
            killer.join()
    assert n_killed >= 5


def test_a_hung_worker_is_replaced_and_named_with_its_items(undisturbed, tmp_path):
    number = next(i for i, batch in enumerate(undisturbed[0]) if "u11" in [item["id"] for item in batch])
    ids = ", ".join(item["id"] for item in undisturbed[0][number])
    loader = loader_of(Harmful(20, 11, "hang", tmp_path), num_workers=2, timeout=0.2)
    with pytest.warns(WorkerWarning, match=rf"worker \d+ gave no answer for 0.2 s.*\(items {ids}\)"):
        assert epochs(loader) == undisturbed


@pytest.mark.filterwarnings("ignore::sonovox._internal.errors.WorkerWarning")
def test_workers_that_die_again_and_again_end_the_run(tmp_path):
    loader = loader_of(Harmful(20, 0, "kill", tmp_path, times=9), num_workers=2, shuffle=False, max_restarts=1)
    with pytest.raises(WorkerError, match=r"SIGKILL; batch 0 of epoch 0 is due \(items u0, u1, u2\); 2 times in a row"):
        list(loader)
    assert len(list(tmp_path.iterdir())) == 7


# Items that cannot be read


@pytest.mark.parametrize("num_workers", WORKERS)
def test_unreadable_items_are_left_out_and_listed(num_workers, caplog):
    errors = {4: OSError("disk"), 9: ValueError("nan")}
    loader = loader_of(Failing(20, errors), num_workers, shuffle=False, quarantine_share=0.1)
    with caplog.at_level(logging.WARNING, logger="sonovox"):
        first, second = epochs(loader)
    assert [[item["id"] for item in batch] for batch in first[:4]] == [
        ["u0", "u1", "u2"], ["u3", "u5"], ["u6", "u7", "u8"], ["u10", "u11"]
    ]  # fmt: skip
    assert len(first) == len(second) == 7
    assert list(loader.quarantine) == [("u4", "OSError: disk"), ("u9", "ValueError: nan")]
    assert [record.message for record in caplog.records] == [
        "item u4 is left out: OSError: disk",
        "item u9 is left out: ValueError: nan",
    ]


def test_a_batch_of_which_nothing_is_left_is_passed_over_but_counted():
    loader = loader_of(Failing(6, {2: OSError("disk")}), batch_size=1, shuffle=False)
    assert [(batch[0]["id"], loader.position) for batch in loader] == [
        ("u0", 1), ("u1", 2), ("u3", 4), ("u4", 5), ("u5", 6)
    ]  # fmt: skip


@pytest.mark.parametrize(("bad", "ids"), [(0, ["u2", "u2", "u4"]), (4, ["u0", "u2", "u2"])])
def test_in_training_by_several_processes_a_neighbour_takes_the_place_of_an_empty_batch(bad, ids):
    dataset = Failing(6, {bad: OSError("disk")})
    sampler = ShardedBatchSampler([[0], [1], [2], [3], [4], [5]], rank=0, world_size=2)
    loader = SaveableDataLoader(dataset, batch_sampler=sampler, collate_fn=as_list)
    assert [batch[0]["id"] for batch in loader] == ids
    assert loader.quarantine.ids == [f"u{bad}"]


def test_the_quarantine_is_saved_and_loaded():
    dataset = Failing(20, {1: OSError("disk")})
    loader, again = loader_of(dataset, shuffle=False), loader_of(dataset, shuffle=False)
    next(iter(loader))
    again.load_state_dict(loader.state_dict())
    assert again.quarantine.ids == ["u1"]


@pytest.mark.parametrize("num_workers", [0, 2])
@pytest.mark.parametrize(("share", "n_read"), [(0.1, 3), (0, 1)])
def test_too_many_unreadable_items_end_the_run_at_the_same_batch(num_workers, share, n_read):
    errors = {number: OSError(f"disk {number}") for number in (3, 7, 11)}
    loader = loader_of(Failing(20, errors), num_workers, shuffle=False, quarantine_share=share)
    batches = []
    with pytest.raises(QuarantineError, match=r"of 20 items could not be read(.|\n)*u3: OSError: disk 3"):
        batches += loader
    assert loader.position == (4 if share else 2)


@pytest.mark.parametrize("num_workers", [0, 2])
@pytest.mark.parametrize("error", [TypeError("None"), KeyError("wav"), NameError("wvs"), RuntimeError("shape")])
def test_errors_of_the_code_are_raised_with_the_id(error, num_workers):
    with pytest.raises(type(error)) as caught:
        list(loader_of(Failing(20, {5: error}), num_workers))
    words = str(caught.value) + "".join(getattr(caught.value, "__notes__", []))
    assert "while item u5 was computed" in words


@pytest.fixture
def recordings(tmp_path, speech_manifest):
    """Twelve real recordings, of which one is cut, one is no sound, one is empty and one is not there."""
    data = {}
    for number, item in enumerate(speech_manifest("digits")[:12]):
        path = tmp_path / f"{number}.wav"
        path.write_bytes(item["audio"].read_bytes())
        data[f"u{number}"] = {"wav": str(path)}
    (tmp_path / "2.wav").write_bytes((tmp_path / "2.wav").read_bytes()[:1500])
    (tmp_path / "5.wav").write_text("no sound")
    (tmp_path / "7.wav").write_bytes(b"")
    (tmp_path / "8.wav").unlink()
    dataset = DynamicItemDataset(data, output_keys=["id", "signal"])
    dataset.add_dynamic_item(_read, takes="wav", provides="signal")
    return dataset


def _read(path):
    return load(path)[0][0]


@pytest.mark.parametrize("num_workers", [0, 2])
def test_corrupt_recordings_are_quarantined(recordings, num_workers):
    loader = SaveableDataLoader(
        recordings, batch_size=4, collate_fn=PaddedBatch, num_workers=num_workers, quarantine_share=0.5
    )
    assert [batch.id for batch in loader] == [["u0", "u1", "u3"], ["u4", "u6"], ["u9", "u10", "u11"]]
    assert loader.quarantine.ids == ["u2", "u5", "u7", "u8"]
    assert all(f"{item.id[1:]}.wav" in item.reason for item in loader.quarantine)


def test_corrupt_recordings_end_the_run_by_default(recordings):
    with pytest.raises(QuarantineError, match=r"2 of 12 items could not be read, at most 1 may be left out"):
        list(SaveableDataLoader(recordings, batch_size=4, collate_fn=PaddedBatch))


# Arguments


class Endless(IterableDataset):
    def __iter__(self):
        return iter(int, 1)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"dataset": Endless()}, "IterableDataset"),
        ({"generator": torch.Generator()}, "give seed="),
        ({"in_order": False}, "in order"),
        ({"quarantine_share": 2}, "got 2"),
    ],
)
def test_what_cannot_be_is_refused(settings, words):
    with pytest.raises(ArgumentError, match=words):
        SaveableDataLoader(**({"dataset": RandomItems(3)} | settings))
