import copy
import json
import math
import random
import struct
from collections import Counter, OrderedDict, defaultdict, namedtuple
from pathlib import Path

import numpy as np
import pytest
import torch

from sonovox._internal.errors import CheckpointError
from sonovox.training.checkpoints.state_encoding import decode_state, encode_state


def there_and_back(state):
    tree, tensors = encode_state(state)
    return decode_state(json.loads(json.dumps(tree, allow_nan=False)), tensors)


def same(a, b):
    """Of one type and equal to the last bit, NaN included; dicts in the same order."""
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        raw = [x.contiguous().reshape(-1).view(torch.uint8) if x.numel() else x for x in (a, b)]
        return a.dtype == b.dtype and a.shape == b.shape and (a.numel() == 0 or torch.equal(*raw))
    if isinstance(a, np.ndarray | np.generic):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, float):
        return struct.pack("d", a) == struct.pack("d", b)
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


PAYLOAD_NAN = struct.unpack("d", struct.pack("Q", 0x7FF8_0000_DEAD_BEEF))[0]
VALUES = {
    "none": None,
    "booleans are no integers": [True, 1, False, 0],
    "integers of any size": [0, -1, 2**63, -(10**300)],
    "floats": [0.0, -0.0, 1.0, 0.1, 5e-324, 1.7976931348623157e308],
    "non-finite floats": [math.inf, -math.inf, math.nan, -math.nan, PAYLOAD_NAN],
    "complex": [1 + 2j, complex(math.nan, -0.0)],
    "strings": ["", "é\U0001f600", "\x00\n\ud800", "~tensor"],
    "bytes": [b"", b"\x00\xff", bytearray(b"ab")],
    "tuples": [(), (1,), ((1, 2), [3, (4,)])],
    "sets": [{1, 2}, frozenset({"a"}), set()],
    "dicts": {"b": 1, "a": {"nested": []}, "": {}},
    "keys that are no strings": {0: "a", (1, "b"): "c", None: 1, 1.5: 2, True: 3, b"k": 4},
    "keys that look like ours": {"~tensor": "x", "~": 1},
    "ordered": OrderedDict([("b", 1), (2, "a")]),
    "paths": Path("a/b"),
    "numpy arrays": [
        np.arange(6, dtype=np.int16).reshape(2, 3),
        np.array(3.5),
        np.zeros((0, 2)),
        np.array(["ab", "c"]),
    ],
    "numpy scalars": [np.float64(0.1), np.int32(-3), np.bool_(True), np.complex64(1j), np.float32("nan"), np.str_("x")],
    "numpy big-endian, half and time": [np.array([1, 2], ">i4"), np.float16(0.1), np.datetime64("2026-01-01")],
    "numpy structures": np.array([(1, 2.0, [1, 2])], dtype=[("a", "<i4"), ("b", "<f8"), ("c", "<u2", (2,))]),
    "numpy dtypes": [np.dtype("float32"), np.dtype([("a", "<i4"), ("b", "<f8")])],
    "numpy in another order": np.arange(6.0).reshape(2, 3).T,
    "dtypes and devices of torch": [torch.float32, torch.bfloat16, torch.device("cpu"), torch.device("cuda:1")],
    "sizes": torch.Size([2, 3]),
}


@pytest.mark.parametrize("name", VALUES)
def test_values_come_back_bit_for_bit(name):
    value = VALUES[name]
    back = there_and_back({"value": value})["value"]
    if isinstance(value, list):
        for a, b in zip(value, back, strict=True):
            assert same(a, b), (a, b)
    assert same(value, back)


DTYPES = [
    *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint16, torch.uint32),
    *(torch.uint64, torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128),
    *(torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.complex32),
]


@pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental:UserWarning")
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (5,), (2, 3)])
def test_tensors_come_back_bit_for_bit(dtype, shape):
    width = torch.empty((), dtype=dtype).element_size()
    raw = torch.randint(0, 2 if dtype == torch.bool else 256, (math.prod(shape) * width,)).to(torch.uint8)
    tensor = raw.view(dtype).reshape(shape)  # any bits: NaN with payloads, subnormal numbers
    assert same(there_and_back([tensor])[0], tensor)


def test_views_come_back_by_value():
    base = torch.arange(24.0).reshape(2, 3, 4)
    for view in (base.mT, base[:, ::2], base[0, 1], base.expand(5, 2, 3, 4), torch.randn(3, dtype=torch.cfloat).conj()):
        back = there_and_back(view)
        assert torch.equal(back, view)
        assert back.is_contiguous()
        assert not back.is_conj()


def test_a_tensor_that_occurs_twice_is_stored_once_and_is_one_again():
    weight = torch.randn(3)
    tree, tensors = encode_state({"a": weight, "b": torch.nn.Parameter(weight), "c": weight.clone(), "d": weight[:2]})
    assert set(tensors) == {"a", "c", "d"}
    back = decode_state(tree, tensors)
    assert back["a"] is back["b"]
    assert back["a"] is not back["c"]
    assert torch.equal(back["d"], weight[:2])


def test_empty_tensors_at_one_address_are_not_taken_for_one():
    back = there_and_back([torch.zeros(0, 2), torch.zeros(0, 3, dtype=torch.int64)])
    assert [(x.shape, x.dtype) for x in back] == [((0, 2), torch.float32), ((0, 3), torch.int64)]


def test_tensors_of_a_module_have_the_names_of_its_parameters():
    module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    assert list(encode_state(module.state_dict())[1]) == list(module.state_dict())


def test_names_that_would_meet_are_told_apart():
    state = {"a.b": torch.tensor(1), "a": {"b": torch.tensor(2)}, "__metadata__": torch.tensor(3), 1: torch.tensor(4)}
    tree, tensors = encode_state({**state, "1": torch.tensor(5)})
    assert len(tensors) == 5
    assert "__metadata__" not in tensors
    back = decode_state(tree, tensors)
    assert [int(x) for x in (back["a.b"], back["a"]["b"], back["__metadata__"], back[1], back["1"])] == [1, 2, 3, 4, 5]


def test_the_versions_that_modules_note_in_their_state_come_back():
    state = torch.nn.BatchNorm1d(2).state_dict()
    back = there_and_back(state)
    assert type(back) is OrderedDict
    assert back._metadata == state._metadata == {"": {"version": 2}}


def make(kind, parameters):
    return {
        "adam": lambda: torch.optim.Adam(parameters, amsgrad=True),
        "sgd": lambda: torch.optim.SGD(parameters, lr=0.1, momentum=0.9),
        "lbfgs": lambda: torch.optim.LBFGS(parameters),
        "adadelta": lambda: torch.optim.Adadelta(parameters),
    }[kind]()


@pytest.mark.parametrize("kind", ["adam", "sgd", "lbfgs", "adadelta"])
def test_optimisers_go_on_bit_for_bit(kind):
    def steps(module, optimizer):
        for i in range(3):
            x = torch.full((4, 3), 0.1 * i)

            def closure(x=x):
                optimizer.zero_grad()
                loss = (module(x) - 1).square().mean()
                loss.backward()
                return loss

            optimizer.step(closure)
        return module.weight.detach().clone()

    module = torch.nn.Linear(3, 2)
    optimizer = make(kind, module.parameters())
    steps(module, optimizer)
    other = copy.deepcopy(module)
    resumed = make(kind, other.parameters())
    resumed.load_state_dict(copy.deepcopy(there_and_back(optimizer.state_dict())))
    assert torch.equal(steps(module, optimizer), steps(other, resumed))


def test_states_of_random_generators_come_back():
    states = [
        random.getstate(),
        np.random.get_state(),
        np.random.default_rng(1).bit_generator.state,
        torch.get_rng_state(),
    ]
    for state in states:
        assert same(there_and_back(state), state)


def test_states_of_scalers_and_schedules_come_back():
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    for thing in (
        torch.amp.GradScaler("cpu"),
        torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer),  # best is infinite before the first epoch
        torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=10),
        torch.optim.lr_scheduler.MultiStepLR(optimizer, [1, 2]),  # milestones are a Counter
    ):
        state = {key: dict(v) if isinstance(v, Counter) else v for key, v in thing.state_dict().items()}
        assert same(there_and_back(state), state)


def test_a_defaultdict_comes_back_as_the_dict_that_it_holds():
    assert there_and_back(defaultdict(list, {"a": [1]})) == {"a": [1]}


Point = namedtuple("Point", "x y")
REFUSED = {
    "function": (lambda: 0, "is of the type function"),
    "object": (object(), "is of the type object"),
    "named tuple": (Point(1, 2), "is of the type Point"),
    "array of objects": (np.array([{}]), "is an array of objects"),
    "sparse": (torch.eye(2).to_sparse(), "is a torch.sparse_coo tensor"),
    "csr": (torch.eye(2), "is a torch.sparse_csr tensor"),
    "meta": (torch.empty(2, device="meta"), "is a tensor without values"),
    "lazy": (torch.nn.LazyLinear(2).weight, "is a tensor without values"),
    "quantized": (torch.empty(1), "is a quantized tensor"),
}


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support:UserWarning")
@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor:UserWarning")
@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_kept_is_refused_by_its_path(kind):
    value, message = REFUSED[kind]
    if kind == "csr":
        value = value.to_sparse_csr()
    if kind == "quantized":
        if "fbgemm" not in torch.backends.quantized.supported_engines:
            pytest.skip("this torch has no quantized tensors")
        value = torch.quantize_per_tensor(value, 0.1, 0, torch.qint8)
    with pytest.raises(CheckpointError, match=rf"brain\.plain\.2\.x {message}, which a checkpoint cannot hold; give"):
        encode_state({"plain": [1, 2, {"x": value}]}, owner="brain")


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"~later": 1}, "there is no kind of value '~later'"),
        ({"~tensor": "x"}, "there is no tensor 'x'"),
        ({"~torch": "nn"}, "torch has no dtype 'nn'"),
    ],
)
def test_a_tree_that_is_not_understood_is_told(tree, message):
    with pytest.raises(CheckpointError, match=message):
        decode_state(tree, {})
