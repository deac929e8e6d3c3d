"""The YAML language against HyperPyYAML: the examples of its documentation, and the meaning of plain words."""

import math

import pytest

from hparams.examples import EXAMPLES, MODULES
from hparams.test_scalars import WORDS
from sonovox.hparams import load_hparams, resolve_references

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]
hyperpyyaml = pytest.importorskip("hyperpyyaml", reason="HyperPyYAML is the oracle")

MORE = [
    "a: 3\nb: !ref (<a> + 1) * 2\nc: !ref <a> ** 2 ** 2\nd: !ref 0<a>\ne: !ref 1e<a>\nf: !ref <a>/2 m\n",
    "a: 0.1\nb: !ref <a>/<a>\nc: !ref x/<a>\nd: !ref <a> // 0.03\n",
    "a: 1e-4\nb: !ref x/<a>\nc: [1, 2]\nd: !ref x<c>\ne: true\nf: !ref <e> + 1\ng: null\nh: !ref s<g>\n",
    "a: '3'\nb: !ref <a>*2\nc: ''\nd: !ref <c>x\ne: !ref <c>\n",
    "a: (1, [2, 3])\nb: (3)\nc: (a, b)\nd: {1: x, y: 2}\n",
    "a: {b: {c: [1, {d: 2}]}}\ne: !ref <a[b][c]>\nf: !ref <a>\n",
    "a: &x {b: 1}\nc: *x\nd: {<<: *x, e: 2}\n",
    "x: !name:operator.add\ny: !apply:operator.mul [3, 4]\nz: !name:collections.Counter [abc]\n",
]


@pytest.mark.parametrize(("text", "overrides", "expected"), EXAMPLES)
def test_documented_examples(text, overrides, expected):
    theirs = hyperpyyaml.load_hyperpyyaml(text, overrides)
    assert theirs == expected
    assert load_hparams(text, overrides, code=MODULES) == theirs


@pytest.mark.parametrize("text", MORE)
def test_more_of_the_language(text):
    ours, theirs = load_hparams(text, code=MODULES), hyperpyyaml.load_hyperpyyaml(text)
    assert str(ours) == str(theirs)


@pytest.mark.parametrize("word", WORDS)
def test_plain_words(word):
    if word == "-":
        pytest.skip("a lone dash is a list in their reader")
    theirs = hyperpyyaml.load_hyperpyyaml(f"a: {word}\n")["a"]
    assert theirs == WORDS[word] or (math.isnan(theirs) and math.isnan(WORDS[word]))


@pytest.mark.parametrize("text", [MORE[0], MORE[1], MORE[3], EXAMPLES[6][0], EXAMPLES[8][0]])
def test_they_read_what_is_resolved_here(text):
    theirs = hyperpyyaml.load_hyperpyyaml(resolve_references(text))
    assert theirs == hyperpyyaml.load_hyperpyyaml(text)
