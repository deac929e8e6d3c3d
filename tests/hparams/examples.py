"""What HyperPyYAML 1.2.3 makes of the examples of its documentation, written out: YAML, overrides, expected values.

`tests/parity/test_hyperpyyaml.py` asks HyperPyYAML itself.
"""

from collections import Counter

EXAMPLES = [
    ("string: abcd\ninteger: 1\nfloat: 1.3\nbool: True\nnone: null\n", None,
     {"string": "abcd", "integer": 1, "float": 1.3, "bool": True, "none": None}),
    ('all: {foo: 1, bar: 2.5, baz: "abc"}\n', None, {"all": {"foo": 1, "bar": 2.5, "baz": "abc"}}),
    ("a:\n- foo\n- bar\nb: [foo, bar, baz]\n", None, {"a": ["foo", "bar"], "b": ["foo", "bar", "baz"]}),
    ("foo:\n    a: 1\n    b: 2\nbar:\n    - c\n    - d\n", None, {"foo": {"a": 1, "b": 2}, "bar": ["c", "d"]}),
    ("model: !new:collections.Counter\n", None, {"model": Counter()}),
    ("foo: !new:collections.Counter\n  - abracadabra\nbar: !new:collections.Counter\n  a: 2\n  b: 1\n  c: 5\n", None,
     {"foo": Counter("abracadabra"), "bar": Counter(a=2, b=1, c=5)}),
    ("folder1: abc/def\nfolder2: ghi/jkl\nfolder3: !ref <folder1>/<folder2>\n\nfoo: 1024\nbar: 512\n"
     "baz: !ref <foo> // <bar> + 1\n", None,
     {"folder1": "abc/def", "folder2": "ghi/jkl", "folder3": "abc/def/ghi/jkl", "foo": 1024, "bar": 512, "baz": 3}),
    ("block_index: 1\ncnn1:\n    out_channels: !ref <block_index> * 64\n    kernel_size: (3, 3)\ncnn2:\n"
     "    out_channels: !ref <cnn1[out_channels]>\n    kernel_size: (3, 3)\n", {"block_index": 2},
     {"block_index": 2, "cnn1": {"out_channels": 128, "kernel_size": (3, 3)},
      "cnn2": {"out_channels": 128, "kernel_size": (3, 3)}}),
    ("foo: !new:collections.Counter\n  a: 4\nbar: !ref <foo>\nbaz: !copy <foo>\n", None,
     {"foo": Counter(a=4), "bar": Counter(a=4), "baz": Counter(a=4)}),
    ("c: !applyref:sorted\n    _args:\n        - [3, 4, 1, 2]\n    _kwargs:\n        reverse: False\nd: !ref <c>-<c>\n",
     None, {"c": [1, 2, 3, 4], "d": "[1, 2, 3, 4]-[1, 2, 3, 4]"}),
    ("e: !applyref:random.randint\n    a: 3\n    b: 3\nf: !ref <e><e>\n", None, {"e": 3, "f": 33}),
    ("g: !applyref:random.randint\n    - 2\n    - 2\nh: !ref <g><g>\n", None, {"g": 2, "h": 22}),
    ("alignment_saver: !new:collections.Counter\n    save_dir: 3\n", "alignment_saver: {save_dir: 4}\n",
     {"alignment_saver": Counter(save_dir=4)}),
    ("output_folder: results/asr\nsave: !new:collections.Counter\n    save_dir: !ref <output_folder>/ali\n",
     "output_folder: out\n", {"output_folder": "out", "save": Counter(save_dir="out/ali")}),
    ("key1: {a: !new:collections.Counter {arg1: 1}}\nkey2: !ref <key1[a]>\n", None,
     {"key1": {"a": Counter(arg1=1)}, "key2": Counter(arg1=1)}),
    ("key1: 1\nkey2: !ref <key1> + 3\n", None, {"key1": 1, "key2": 4}),
    ("a: 3\nthing: !new:collections.Counter\n    b: !ref <a>\n", None, {"a": 3, "thing": Counter(b=3)}),
    ("constants:\n    a: 3\n    b: !ref <constants[a]>\n", {"constants": {"a": 4}}, {"constants": {"a": 4, "b": 4}}),
    ("__seed: 3\nseed: !ref <__seed>\nlr: 1e-4\n", None, {"seed": 3, "lr": 1e-4}),
    ("defaults: &d {a: 1, b: 2}\nx:\n  <<: *d\n  b: 3\n", None, {"defaults": {"a": 1, "b": 2}, "x": {"a": 1, "b": 3}}),
    ("n: !PLACEHOLDER\nm: !ref <n> % 4 ** 2\n", "n: 21\n", {"n": 21, "m": 5}),
    ("t: !tuple (1, a)\nu: (x,)\nv: ()\n", None, {"t": (1, "a"), "u": ("x",), "v": ()}),
]  # fmt: skip
MODULES = ["collections", "operator", "random", "builtins"]
