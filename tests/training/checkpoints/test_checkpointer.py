import errno
import logging
import os
import random
import shutil
import signal
import time

import pytest
import torch

import killed_trainer
from sonovox._internal.errors import ArgumentError, CheckpointError, CheckpointWarning, WriteError
from sonovox.training import Checkpoint, Checkpointer, EpochCounter, ckpt_recency


class Value:
    """The smallest recoverable."""

    def __init__(self, value=0):
        self.value = value

    def state_dict(self):
        return {"value": self.value}

    def load_state_dict(self, state):
        self.value = state["value"]


@pytest.fixture
def value():
    return Value()


@pytest.fixture
def checkpointer(tmp_path, value):
    return Checkpointer(tmp_path / "save", {"value": value})


def save_all(checkpointer, value, metas):
    """One checkpoint for each meta; `value` and `meta["n"]` are its place."""
    for n, meta in enumerate(metas):
        value.value = n
        checkpointer.save_checkpoint({"n": n, **meta})


def places(checkpoints):
    return [checkpoint.meta["n"] for checkpoint in checkpoints]


WERS = [{"WER": 3}, {"WER": 1}, {}, {"WER": 2}, {}]


class TestFinding:
    def test_without_a_key_the_newest_comes_first(self, checkpointer, value):
        save_all(checkpointer, value, WERS)
        assert places(checkpointer.find_checkpoints()) == [4, 3, 2, 1, 0]
        assert places(checkpointer.list_checkpoints()) == [4, 3, 2, 1, 0]
        assert places(checkpointer.find_checkpoints(max_num_checkpoints=2)) == [4, 3]
        assert checkpointer.find_checkpoint().meta["n"] == 4

    def test_keys_of_the_meta_leave_out_those_without(self, checkpointer, value):
        save_all(checkpointer, value, WERS)
        assert places(checkpointer.find_checkpoints(min_key="WER")) == [1, 3, 0]
        assert places(checkpointer.find_checkpoints(max_key="WER")) == [0, 3, 1]
        assert checkpointer.find_checkpoint(max_key="loss") is None

    def test_importance_and_predicate(self, checkpointer, value):
        save_all(checkpointer, value, WERS)
        assert checkpointer.find_checkpoint(importance_key=lambda ckpt: -ckpt.meta["n"]).meta["n"] == 0
        assert places(checkpointer.find_checkpoints(ckpt_predicate=lambda ckpt: "WER" in ckpt.meta)) == [3, 1, 0]

    def test_a_checkpoint_names_its_folder_meta_and_files(self, checkpointer, tmp_path):
        made = checkpointer.save_checkpoint({"WER": torch.tensor(2.5)}, end_of_epoch=False)
        (found,) = checkpointer.list_checkpoints()
        assert found == made
        assert isinstance(found, Checkpoint)
        assert found.path.parent == tmp_path / "save"
        assert found.path.name.startswith("CKPT+")
        assert found.meta == {"WER": 2.5, "end-of-epoch": False, "unixtime": ckpt_recency(found)}
        assert abs(ckpt_recency(found) - time.time()) < 60
        assert found.paramfiles == {"value": found.path / "value.json"}


class TestRecovering:
    def test_nothing_is_there_at_first(self, checkpointer):
        assert checkpointer.recover_if_possible() is None
        assert checkpointer.list_checkpoints() == []
        assert checkpointer.find_checkpoint() is None
        assert not checkpointer.checkpoints_dir.exists()

    def test_the_objects_get_the_chosen_state(self, checkpointer, value):
        save_all(checkpointer, value, WERS)
        for keys, n in (({}, 4), ({"min_key": "WER"}, 1), ({"max_key": "WER"}, 0)):
            assert checkpointer.recover_if_possible(**keys).meta["n"] == n
            assert value.value == n

    def test_of_damaged_ones_the_next_is_taken_with_one_warning(self, checkpointer, value):
        save_all(checkpointer, value, [{}] * 4)
        newest = checkpointer.find_checkpoints()
        (newest[0].path / "value.json").write_text('{"value": 9}')
        (newest[1].path / "CKPT.sha256").unlink()
        with pytest.warns(CheckpointWarning, match="passed over") as warned:
            assert checkpointer.recover_if_possible().meta["n"] == 1
        assert len(warned) == 1
        assert "value.json was changed" in str(warned[0].message)
        assert "CKPT.sha256 cannot be read: No such file" in str(warned[0].message)
        assert value.value == 1

    def test_when_all_are_damaged_each_is_told_and_nothing_is_loaded(self, checkpointer, value):
        save_all(checkpointer, value, [{}] * 2)
        value.value = "mine"
        first, second = checkpointer.list_checkpoints()
        (first.path / "CKPT.json").write_bytes(b"")
        (second.path / "value.json").unlink()
        with pytest.raises(CheckpointError, match=r"(?s)no checkpoint in .* can be used.*CKPT.json was.*value.json"):
            checkpointer.recover_if_possible()
        assert value.value == "mine"

    def test_a_key_that_no_checkpoint_has_is_told(self, checkpointer):
        checkpointer.save_checkpoint({"WER": 1})
        with pytest.warns(CheckpointWarning, match=r"no checkpoint has 'wer' in its meta, which has WER, end-of-epoch"):
            assert checkpointer.recover_if_possible(min_key="wer") is None

    def test_a_given_checkpoint_is_verified_and_loaded(self, checkpointer, value):
        save_all(checkpointer, value, [{}] * 3)
        oldest = checkpointer.list_checkpoints()[-1]
        checkpointer.load_checkpoint(oldest)
        assert value.value == 0
        (oldest.path / "value.json").write_text('{"value": 9}')
        with pytest.raises(CheckpointError, match=r"value.json was changed: its sha256 is"):
            checkpointer.load_checkpoint(oldest)
        assert value.value == 0

    def test_a_folder_that_may_only_be_read_is_read(self, checkpointer, tmp_path, value):
        checkpointer.save_checkpoint()
        copy = shutil.copytree(checkpointer.checkpoints_dir, tmp_path / "copy", ignore=lambda *_: [".lock"])
        before = sorted(copy.rglob("*"))
        assert Checkpointer(copy, {"value": value}).recover_if_possible() is not None
        assert sorted(copy.rglob("*")) == before


class TestRecoverables:
    def test_one_that_is_missing_is_an_error_unless_it_may_be(self, checkpointer, tmp_path):
        checkpointer.save_checkpoint()
        other = Checkpointer(tmp_path / "save", {"value": Value(1), "more": Value(2)})
        with pytest.raises(CheckpointError, match=r"has no state of more, but of value; add it with optional_load"):
            other.recover_if_possible()
        other.add_recoverable("more", Value(3), optional_load=True)
        assert other.recover_if_possible() is not None
        assert other.recoverables["more"].value == 3
        partial = Checkpointer(tmp_path / "save", {"another": Value(1)}, allow_partial_load=True)
        assert partial.recover_if_possible() is not None

    def test_hooks_go_before_the_objects_own_way(self, tmp_path):
        kept = {}
        checkpointer = Checkpointer(
            tmp_path,
            {"value": Value(1)},
            custom_save_hooks={"value": lambda obj, path: path.write_text(str(obj.value))},
            custom_load_hooks={
                "value": lambda obj, path, end_of_epoch: kept.update(text=path.read_text(), end=end_of_epoch)
            },
        )
        saved = checkpointer.save_checkpoint(end_of_epoch=False)
        assert (saved.path / "value.ckpt").read_text() == "1"
        checkpointer.recover_if_possible()
        assert kept == {"text": "1", "end": False}

    def test_hooks_without_an_object_are_told(self, tmp_path):
        with pytest.raises(ArgumentError, match="there are hooks for modle, which are no recoverables"):
            Checkpointer(tmp_path, {"model": Value()}, custom_save_hooks={"modle": print})

    def test_objects_with_a_file_of_their_own(self, tmp_path):
        counter = EpochCounter(9)
        checkpointer = Checkpointer(tmp_path)
        checkpointer.add_recoverables({"counter": counter})
        next(counter), next(counter)
        checkpointer.save_checkpoint(end_of_epoch=True)
        checkpointer.save_checkpoint({"inside": 1}, end_of_epoch=False)
        checkpointer.recover_if_possible()
        assert counter.current == 1
        checkpointer.recover_if_possible(ckpt_predicate=lambda ckpt: "inside" not in ckpt.meta)
        assert counter.current == 2

    def test_a_mismatch_is_told_and_no_older_one_is_taken_for_it(self, tmp_path):
        Checkpointer(tmp_path, {"model": torch.nn.Linear(2, 2)}).save_checkpoint()
        with pytest.raises(CheckpointError, match=r"(?s)model does not take the saved state: .*size mismatch"):
            Checkpointer(tmp_path, {"model": torch.nn.Linear(3, 2)}).recover_if_possible()


class TestSaving:
    def test_a_name_replaces_the_one_of_that_name(self, checkpointer, value):
        save_all(checkpointer, value, [{}])
        for value.value in (5, 6):
            checkpointer.save_checkpoint({"n": value.value}, name="best")
        assert places(checkpointer.list_checkpoints()) == [6, 0]
        assert checkpointer.find_checkpoint().path.name == "CKPT+best"
        assert {p.name for p in checkpointer.checkpoints_dir.iterdir() if p.name[0] == "."} == {".lock"}

    @pytest.mark.parametrize("name", ["", "a/b", "..\\x", "a\nb"])
    def test_names_that_are_no_folders_are_refused(self, checkpointer, name):
        with pytest.raises(ArgumentError, match="cannot be named"):
            checkpointer.save_checkpoint(name=name)

    def test_many_in_one_second_keep_their_order(self, checkpointer, value, monkeypatch):
        monkeypatch.setattr(time, "time", lambda: 1e9)
        save_all(checkpointer, value, [{}] * 12)
        assert places(checkpointer.list_checkpoints()) == [*range(11, -1, -1)]

    def test_a_clock_that_goes_back_does_not_make_the_new_one_old(self, tmp_path, monkeypatch):
        for n, now in enumerate([1e9, 0.9e9, 0.8e9]):
            monkeypatch.setattr(time, "time", lambda now=now: now)
            checkpointer = Checkpointer(tmp_path, {"value": Value(n)})
            checkpointer.save_checkpoint({"n": n})
        assert places(checkpointer.list_checkpoints()) == [2, 1, 0]

    def test_a_state_that_cannot_be_kept_leaves_nothing(self, checkpointer, value):
        value.value = print
        with pytest.raises(CheckpointError, match=r"value\.value is of the type builtin_function"):
            checkpointer.save_checkpoint()
        assert not checkpointer.checkpoints_dir.exists()

    def test_the_log_says_it_at_the_level_that_was_asked_for(self, checkpointer, caplog):
        with caplog.at_level(logging.DEBUG, "sonovox"):
            checkpointer.save_checkpoint(verbosity=logging.DEBUG)
        (record,) = [r for r in caplog.records if "saved" in r.message]
        assert record.levelno == logging.DEBUG


class TestKeeping:
    # What SpeechBrain 1.1.2 keeps of WERS and a sixth of WER 5, by the same calls.
    @pytest.mark.parametrize(
        ("options", "kept"),
        [
            ({}, [5]),
            ({"num_to_keep": 2}, [5, 4]),
            ({"min_keys": ["WER"]}, [5, 1]),
            ({"min_keys": ["WER"], "max_keys": ["WER"]}, [5, 1]),
            ({"min_keys": ["WER"], "keep_recent": False}, [4, 2, 1]),
            ({"keep_recent": False}, [5, 4, 3, 2, 1, 0]),
            ({"ckpt_predicate": lambda ckpt: "WER" in ckpt.meta}, [5, 4, 2]),
            ({"importance_keys": [lambda ckpt: -ckpt.meta["n"]]}, [5, 0]),
        ],
    )
    def test_the_best_by_each_key_are_kept(self, checkpointer, value, options, kept):
        save_all(checkpointer, value, WERS)
        checkpointer.save_and_keep_only({"n": 5, "WER": 5}, **options)
        assert places(checkpointer.list_checkpoints()) == kept

    @pytest.mark.parametrize(
        ("options", "kept"),
        [
            ({}, [4]),
            ({"min_keys": ["WER"]}, [4, 1]),
            ({"min_keys": ["WER"], "importance_keys": []}, [4, 2, 1]),
            ({"num_to_keep": 0}, [4]),  # SpeechBrain's would be empty; here one that can be loaded stays
        ],
    )
    def test_delete_checkpoints(self, checkpointer, value, options, kept):
        save_all(checkpointer, value, WERS)
        checkpointer.delete_checkpoints(**options)
        assert places(checkpointer.list_checkpoints()) == kept

    def test_nothing_to_delete_in_a_folder_that_is_not_there(self, checkpointer):
        checkpointer.delete_checkpoints()
        assert not checkpointer.checkpoints_dir.exists()

    def test_wrong_numbers_are_told_before_anything_is_written(self, checkpointer):
        with pytest.raises(ArgumentError, match="num_to_keep must not be negative, got -1"):
            checkpointer.save_and_keep_only(num_to_keep=-1)
        assert not checkpointer.checkpoints_dir.exists()


class TestNonFinite:
    @pytest.fixture
    def model(self):
        return torch.nn.Linear(2, 2)

    @pytest.fixture
    def trained(self, tmp_path, model):
        return Checkpointer(tmp_path, {"model": model})

    @pytest.mark.parametrize("background", [False, True])
    @pytest.mark.parametrize("bad", [float("nan"), float("inf")])
    def test_it_never_replaces_a_finite_one(self, trained, model, bad, background, caplog):
        trained.background = background
        trained.save_and_keep_only({"WER": 5.0}, min_keys=["WER"])
        good = model.weight.detach().clone()
        torch.nn.init.constant_(model.weight[0], bad)
        for _ in range(3):
            trained.save_and_keep_only({"WER": 0.0}, min_keys=["WER"])
        trained.wait()
        assert "is not finite, and will not be used: model" in caplog.text
        assert [ckpt.meta["WER"] for ckpt in trained.find_checkpoints()] == [5.0]
        with pytest.warns(CheckpointWarning, match="is not finite"):
            assert trained.recover_if_possible(min_key="WER").meta["WER"] == 5.0
        assert torch.equal(model.weight, good)
        trained.save_and_keep_only({"WER": 6.0}, min_keys=["WER"])
        assert [ckpt.meta["WER"] for ckpt in trained.list_checkpoints()] == [6.0, 5.0]

    def test_alone_it_is_not_taken_by_itself(self, trained, model):
        torch.nn.init.constant_(model.bias, float("nan"))
        saved = trained.save_checkpoint()
        assert saved.meta["nonfinite"] == ["model"]
        with pytest.raises(CheckpointError, match="is not finite"):
            trained.recover_if_possible()
        trained.load_checkpoint(saved)  # who asks for it gets it

    def test_a_metric_that_is_nan_is_the_worst(self, trained):
        for wer in (float("nan"), 3.0, float("nan")):
            trained.save_and_keep_only({"WER": wer}, min_keys=["WER"])
        assert trained.find_checkpoint(min_key="WER").meta["WER"] == 3.0


class TestBackground:
    def test_what_is_saved_is_the_moment_of_the_call(self, tmp_path):
        model = torch.nn.Linear(500, 500)
        checkpointer = Checkpointer(tmp_path, {"model": model}, background=True)
        before = model.weight.detach().clone()
        checkpointer.save_checkpoint()
        torch.nn.init.zeros_(model.weight)
        checkpointer.recover_if_possible()
        assert torch.equal(model.weight, before)

    def test_the_callback_comes_when_the_checkpoint_is_on_the_disk(self, tmp_path):
        seen = []
        for background in (False, True):
            checkpointer = Checkpointer(
                tmp_path,
                {"value": Value()},
                background=background,
                on_saved=lambda ckpt: seen.append((ckpt, checkpointer.list_checkpoints()[0])),  # noqa: B023
            )
            made = checkpointer.save_checkpoint({"a": 1})
            checkpointer.close()
            assert seen[-1] == (made, made)
        assert checkpointer.saves == 1

    def test_a_full_disk_is_told_late_but_loses_nothing(self, tmp_path, monkeypatch, caplog):
        value = Value(1)
        checkpointer = Checkpointer(tmp_path, {"value": value}, background=True)
        checkpointer.save_checkpoint()
        checkpointer.wait()
        with monkeypatch.context() as patch:
            fail_writes(patch, at=1, for_good=True)
            value.value = 2
            checkpointer.save_checkpoint()
            with pytest.raises(WriteError, match="No space left"):
                checkpointer.wait()
            checkpointer.save_checkpoint()
            with pytest.raises(WriteError, match="No space left"):  # in the foreground now
                checkpointer.save_checkpoint()
        value.value = 3
        with pytest.warns(CheckpointWarning, match="an earlier checkpoint was not written: .*No space left"):
            checkpointer.save_checkpoint()
        checkpointer.wait()
        assert checkpointer.recover_if_possible() is not None
        assert value.value == 3
        assert len(checkpointer.list_checkpoints()) == 2
        assert "the checkpoint was not written" in caplog.text


def fail_writes(monkeypatch, *, at, for_good):
    """The disk is full from the `at`-th call that needs room: half of that write still fits."""
    calls = []

    def watch(name, function):
        def call(*args, **kwargs):
            needs_room = name != "open" or args[1] & os.O_CREAT
            if needs_room:
                calls.append(name)
            if needs_room and (len(calls) == at or (for_good and len(calls) > at)):
                if name == "write":
                    function(args[0], args[1][: len(args[1]) // 2])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return function(*args, **kwargs)

        return call

    for name in ("write", "fsync", "mkdir", "open", "rename"):
        monkeypatch.setattr(os, name, watch(name, getattr(os, name)))
    return calls


@pytest.mark.parametrize("for_good", [True, False], ids=["full from then on", "full once"])
def test_a_full_disk_at_any_write_leaves_the_checkpoint_before(tmp_path, monkeypatch, for_good):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run = killed_trainer.Run(tmp_path / "save")
    digests = {}
    failures = 0
    for at in range(1, 1000):
        step = run.train_step()
        with monkeypatch.context() as patch:
            calls = fail_writes(patch, at=at, for_good=for_good)
            try:
                run.save()
                failed = False
            except OSError:
                failed = True
        assert not failed or calls
        failures += failed
        digests[step] = run.digest()
        fresh = killed_trainer.Run(tmp_path / "save")
        found = fresh.checkpointer.recover_if_possible()
        # A write that failed behind the rename (such as the removal of an older one) has saved all the same.
        assert found is None if not digests.keys() - {step} and failed else True
        if found is not None:
            assert fresh.digest() == digests[found.meta["step"]]
            assert found.meta["step"] == step or failed
        if len(calls) < at:
            break
    assert failures > 10
    assert fresh.counter.current == step


@pytest.mark.parametrize("every", [11, pytest.param(1, marks=pytest.mark.slow)])
def test_a_kill_before_any_call_of_the_system_leaves_a_checkpoint(tmp_path, every):
    base = killed_trainer.Run(tmp_path / "base")
    digests = [base.digest()]
    for _ in range(4):
        base.train_step()
        base.save()
        digests.append(base.digest())
    base.train_step()
    digests.append(base.digest())
    for n in range(1, 1000, every):
        folder = shutil.copytree(tmp_path / "base", tmp_path / f"save{n}")
        process, hears = killed_trainer.start(killed_trainer.die_at, folder, n)
        messages = dict(killed_trainer.said(hears))
        process.join()
        assert process.exitcode == (0 if "made" in messages else -signal.SIGKILL)
        fresh = killed_trainer.Run(folder)
        fresh.checkpointer.recover_if_possible()
        assert fresh.counter.current >= messages.get("saved", 4)
        assert fresh.digest() == digests[fresh.counter.current]
        fresh.train_step()
        fresh.save()  # nothing of the dead one is in the way
        assert not [p for p in folder.iterdir() if p.name.startswith(".CKPT")]
        shutil.rmtree(folder)
        if "made" in messages:
            made = messages["made"]
            break
    assert len(made) < n <= len(made) + every
    assert {"open", "write", "fsync", "mkdir", "rename", "unlink", "rmdir"} <= set(made)
    assert fresh.counter.current == 6


def kill_many_times(folder, n_kills, seed):
    """How many of the kills hit a save that was going on."""
    randomness = random.Random(seed)
    reference = killed_trainer.Run(folder / "reference")
    reference_steps = 0
    digests = [reference.digest()]
    inside = acknowledged = 0
    for kill in range(n_kills):
        process, hears = killed_trainer.start(killed_trainer.train_until_killed, folder / "save", kill % 2 == 1)
        kind, recovered, digest = hears.recv()
        assert kind == "recovered"
        while reference_steps < recovered:
            reference.train_step()
            reference_steps += 1
            digests.append(reference.digest())
        assert recovered >= acknowledged, f"kill {kill}: {acknowledged} was acknowledged, {recovered} came back"
        assert digest == digests[recovered], f"kill {kill}: step {recovered} is not what it was"
        # At least so many messages, whatever the machine is busy with, and then at any instant.
        messages = [hears.recv() for _ in range(randomness.randrange(8))]
        time.sleep(randomness.uniform(0.0, 0.01))
        process.kill()
        messages += killed_trainer.said(hears)
        process.join()
        began = [m[1] for m in messages if m[0] == "saving"]
        saved = [m[1] for m in messages if m[0] == "saved"]
        acknowledged = max([acknowledged, *saved])
        inside += bool(began) and max(began) > max(saved, default=0)
    assert acknowledged > 0
    return inside


def test_kills_at_random_instants_lose_nothing(tmp_path):
    assert kill_many_times(tmp_path, 10, seed=1) > 0


@pytest.mark.slow
def test_200_kills_lose_nothing(tmp_path):
    assert kill_many_times(tmp_path, 200, seed=2) >= 100
