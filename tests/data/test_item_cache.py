"""Computed values that are kept."""

import numpy as np
import pytest
import torch

from sonovox._internal.errors import ArgumentError, DataError
from sonovox.data import DynamicItemDataset
from sonovox.data.item_cache import FolderCache, MemoryCache

KEYS = frozenset({"x"})


@pytest.fixture(params=["memory", "folder"])
def cache(request, tmp_path):
    return MemoryCache(KEYS, 1000) if request.param == "memory" else FolderCache(KEYS, tmp_path / "cache")


@pytest.mark.parametrize("value", [torch.arange(3), np.ones((2, 2)), "é", 3, 2.5, None, [1, [2]], {"a": True}])
def test_values_come_back_as_they_were(cache, value):
    assert cache.get("u1", "x") == (False, None)
    cache.put("u1", "x", value)
    found, kept = cache.get("u1", "x")
    assert found
    assert type(kept) is type(value)
    assert repr(kept) == repr(value)


def test_items_and_keys_are_told_apart(cache):
    cache.put("u/1", "x", 1)
    cache.put("u", "1x", 2)
    assert (cache.get("u/1", "x")[1], cache.get("u", "1x")[1]) == (1, 2)


def test_a_kept_value_cannot_be_changed_from_outside(cache):
    value = torch.zeros(2)
    cache.put("u1", "x", value)
    value += 1
    cache.get("u1", "x")[1].add_(1)
    assert cache.get("u1", "x")[1].tolist() == [0, 0]


def test_memory_has_a_limit():
    cache = MemoryCache(KEYS, 100)
    cache.put("big", "x", torch.zeros(26))
    cache.put("small", "x", torch.zeros(20))
    cache.put("other", "x", ["a" * 20])
    assert [cache.get(name, "x")[0] for name in ("big", "small", "other")] == [False, True, False]
    with pytest.raises(ArgumentError, match="max_bytes must be positive"):
        MemoryCache(KEYS, 0)


def test_a_folder_outlives_the_process_and_damaged_files_are_computed_again(tmp_path):
    FolderCache(KEYS, tmp_path).put("u1", "x", torch.ones(2))
    (path,) = tmp_path.rglob("*.safetensors")
    assert FolderCache(KEYS, tmp_path).get("u1", "x")[1].tolist() == [1, 1]
    path.write_bytes(b"damaged")
    assert FolderCache(KEYS, tmp_path).get("u1", "x") == (False, None)


@pytest.mark.parametrize("value", [object(), (1, 2), {1: 2}])
def test_what_a_file_cannot_hold_is_refused(tmp_path, value):
    with pytest.raises(DataError, match="key 'x' of item 'u1' cannot be kept in a file"):
        FolderCache(KEYS, tmp_path).put("u1", "x", value)


@pytest.mark.parametrize("folder", [None, "kept"])
def test_a_dataset_computes_cached_keys_once(tmp_path, folder):
    log = []
    dataset = DynamicItemDataset({"a": {"n": 1}, "b": {"n": 2}})
    dataset.add_dynamic_item(lambda n: log.append(n) or torch.full((2,), n), "n", "sig")
    dataset.add_dynamic_item(lambda sig: sig.sum().item(), "sig", "total")
    dataset.cache("sig", folder and tmp_path / folder)
    dataset.set_output_keys(["total"])
    dataset.iterate_once()
    shuffled = dataset.filtered_sorted(sort_key="total", reverse=True)
    assert list(shuffled) == [{"total": 4}, {"total": 2}]
    assert log == [1, 2]
