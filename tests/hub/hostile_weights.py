"""Files of weights, archives and folders that want to do harm: name -> what makes it in a folder.

Each maker gets an empty folder and the path of a mark that code would leave if it ran, and gives what is to be read.
"""

import builtins
import importlib
import io
import json
import os
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path

import torch


class Call:
    """A pickle of it calls `function(*arguments)`."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


class State:
    """A pickle of it calls `function(state)` by way of `__setstate__`."""

    def __init__(self, function, state):
        self.function, self.state = function, state

    def __reduce__(self):
        return list, (), None, None, iter([("k", Call(self.function, self.state))])


def _write(path):
    Path(path).touch()


def calls(mark):
    """Ways to leave the mark."""
    touch = f"__import__('pathlib').Path({str(mark)!r}).touch()"
    return {
        "os.system": Call(os.system, f"touch '{mark}'"),
        "os.popen": Call(os.popen, f"touch '{mark}'"),
        "eval": Call(builtins.eval, touch),
        "exec": Call(builtins.exec, touch),
        "open": Call(builtins.open, str(mark), "w"),
        "compile": Call(builtins.exec, Call(builtins.compile, touch, "x", "exec")),
        "getattr": Call(builtins.getattr, Path, "touch"),
        "Path.touch": Call(Path.touch, Path(mark)),
        "subprocess": Call(importlib.import_module("subprocess").getoutput, f"touch '{mark}'"),
        "runpy": Call(importlib.import_module("runpy").run_path, str(mark.with_name("evil.py"))),
        "shutil": Call(importlib.import_module("shutil").copyfile, __file__, str(mark)),
        "os.mkdir": Call(os.mkdir, str(mark)),
        "torch.save": Call(torch.save, {}, str(mark)),
        "torch.hub": Call(torch.hub.download_url_to_file, "file:///etc/passwd", str(mark)),
        "pickle.loads": Call(pickle.loads, pickle.dumps(Call(os.system, f"touch '{mark}'"))),
        "import_module": Call(importlib.import_module, "antigravity"),
        "own function": Call(_write, str(mark)),
        "later": State(os.system, f"touch '{mark}'"),
        "numpy": Call(importlib.import_module("numpy").save, str(mark), [1]),
    }


CALLS = list(calls(Path("mark")))
NESTINGS = {
    "whole": lambda evil: evil,
    "value": lambda evil: {"weight": torch.zeros(1), "bias": evil},
    "key": lambda evil: {"state_dict": {"weight": torch.zeros(1)}, "epoch": [(evil,)]},
}


def _zipped(nesting, name):
    def make(folder, mark):
        torch.save(nesting(calls(mark)[name]), folder / "model.ckpt")

    return make


def _old(nesting, name):
    def make(folder, mark):
        torch.save(nesting(calls(mark)[name]), folder / "model.ckpt", _use_new_zipfile_serialization=False)

    return make


def _bare(protocol, name):
    def make(folder, mark):
        (folder / "model.ckpt").write_bytes(pickle.dumps(calls(mark)[name], protocol))

    return make


def _opcodes(text):
    """A pickle that was written by hand; {mark} is the command that leaves the mark."""

    def make(folder, mark):
        (folder / "model.ckpt").write_bytes(text.replace(b"{mark}", f"touch '{mark}'".encode()))

    return make


def _archive(members, kind="zip"):
    def make(folder, mark):
        path = folder / "model.ckpt"
        if kind == "zip":
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in members.items():
                    archive.writestr(zipfile.ZipInfo(name) if isinstance(name, str) else name, content)
        else:
            with tarfile.open(path, kind) as archive:
                for name, content in members.items():
                    info = tarfile.TarInfo(name)
                    if isinstance(content, str):
                        info.type, info.linkname = tarfile.SYMTYPE, content
                        archive.addfile(info)
                    else:
                        info.size = len(content)
                        archive.addfile(info, io.BytesIO(content))

    return make


def _link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return info


def _safetensors(header, data=b"", *, length=None):
    def make(folder, mark):
        text = header if isinstance(header, bytes) else json.dumps(header).encode()
        size = struct.pack("<Q", len(text) if length is None else length)
        (folder / "model.safetensors").write_bytes(size + text + data)

    return make


def _tensor(shape, begin, end, dtype="F32"):
    return {"weight": {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}}


def _index(places):
    def make(folder, mark):
        (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
        outside = folder.parent / "outside"
        outside.mkdir(exist_ok=True)
        torch.save({"weight": torch.zeros(2)}, outside / "x.ckpt")

    return make


HOSTILE = {
    **{f"zip of {n}, {w}": _zipped(wrap, n) for n in CALLS for w, wrap in NESTINGS.items()},
    **{f"old file of {n}": _old(NESTINGS["value"], n) for n in CALLS},
    **{f"pickle of {n}": _bare(2, n) for n in CALLS},
    **{f"pickle protocol {p}": _bare(p, "os.system") for p in range(6)},
    "opcode GLOBAL": _opcodes(b"cposix\nsystem\n(S'{mark}'\ntR."),
    "opcode INST": _opcodes(b'(S"{mark}"\niposix\nsystem\n.'),
    "opcode OBJ": _opcodes(b'(cposix\nsystem\nS"{mark}"\no.'),
    "opcode STACK_GLOBAL": _opcodes(b'\x80\x04\x8c\x05posix\x8c\x06system\x93(S"{mark}"\ntR.'),
    "opcode EXT1": _opcodes(b'\x80\x02\x82\x01(S"{mark}"\ntR.'),
    "opcode PERSID": _opcodes(b"Pposix system\n."),
    "opcode NEWOBJ": _opcodes(b'\x80\x02cposix\nsystem\n(S"{mark}"\nt\x81.'),
    "opcode BUILD": _opcodes(b"cbuiltins\nobject\n)\x81}S'__setstate__'\ncposix\nsystem\nsbS\"{mark}\"\nb."),
    "tensor by a name that torch knows": _opcodes(b'ctorch\nload\n(S"{mark}"\ntR.'),
    "dotted name": _opcodes(b"\x80\x04\x8c\x05torch\x8c\x0cos.path.join1\x93)R."),
    **{
        f"archive with {name}": _archive({name: b"evil", "model/data.pkl": b"x"})
        for name in ("../evil", "/tmp/sonovox_evil", "..\\evil", "C:\\evil", "a/../../evil", "model/../../evil")
    },
    "archive with a link": _archive({_link("model/data.pkl"): b"/etc/passwd"}),
    "archive with a bomb": _archive({"model/data.pkl": b"\0" * 50_000_000, "model/version": b"3"}),
    "archive in an archive": _archive({"model.ckpt": b"PK\x05\x06" + b"\0" * 18}),
    "archive of nothing": _archive({}),
    "program": _archive({"model/constants.pkl": b"x", "model/data.pkl": b"x", "model/code/evil.py": b"evil"}),
    **{
        f"tar {kind} with {name}": _archive({name: content}, kind)
        for kind in ("w", "w:gz")
        for name, content in {"../evil": b"x", "/tmp/sonovox_evil": b"x", "link": "/etc/passwd"}.items()
    },
    "safetensors of exabytes": _safetensors({}, length=2**62),
    "safetensors header that is none": _safetensors(b"{" * 1000),
    "safetensors beyond its end": _safetensors(_tensor([2], 0, 8), b"1234"),
    "safetensors before its begin": _safetensors(_tensor([2], -8, 0)),
    "safetensors overlapping": _safetensors(_tensor([2], 4, 12) | {"b": _tensor([2], 0, 8)["weight"]}, b"\0" * 12),
    "safetensors that overflow": _safetensors(_tensor([2**32, 2**32], 0, 8), b"\0" * 8),
    "safetensors of another size": _safetensors(_tensor([3], 0, 8), b"\0" * 8),
    "safetensors of no known kind": _safetensors(_tensor([2], 0, 8, "EVIL"), b"\0" * 8),
    **{
        f"index to {place}": _index({"weight": place})
        for place in ("../outside/x.ckpt", "/etc/passwd", "a/x.ckpt", "..", "x\\y.ckpt", "C:x.ckpt", "")
    },
}
