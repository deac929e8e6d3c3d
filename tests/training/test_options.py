import pytest

from sonovox.errors import ArgumentError, ChoiceError
from sonovox.training import RunOptions
from sonovox.training.options import resolve_options


def test_the_command_line_goes_before_python_before_yaml_before_defaults():
    yaml = {"precision": "bf16", "max_grad_norm": 1.0, "lr": 0.1}
    assert resolve_options({}, None) == RunOptions()
    assert resolve_options(yaml, None).precision == "bf16"
    assert resolve_options(yaml, {"precision": "fp16"}).precision == "fp16"
    assert resolve_options(yaml, {"precision": "fp16"}).max_grad_norm == 1.0
    _, options, _ = RunOptions.from_command_line_args(["a.yaml", "--precision", "fp32"])
    assert resolve_options(yaml, options).precision == "fp32"  # given, though it is the default
    assert resolve_options(yaml, RunOptions(max_grad_norm=2.0)).max_grad_norm == 2.0
    assert resolve_options(yaml, RunOptions()).max_grad_norm == 1.0


def test_words_are_options_or_overrides():
    words = ["a.yaml", "--debug", "--device=cuda:1", "--max_grad_norm", "3", "--lr", "1e-4", "--model.layers=3"]
    file, options, overrides = RunOptions.from_command_line_args(words)
    assert file == options.param_file == "a.yaml"
    assert (options.debug, options.device, options.max_grad_norm) == (True, "cuda:1", 3.0)
    assert overrides == {"lr": 1e-4, "model": {"layers": 3}}


def test_older_names_of_precisions_hold():
    assert RunOptions(auto_mix_prec=True).precision == "fp16"
    assert RunOptions(bfloat16_mix_prec=True).precision == "bf16"


def test_options_are_a_mapping():
    options = RunOptions(debug=True)
    assert options["debug"] is options.get("debug") is options.as_dict()["debug"] is True
    assert options.get("nothing", 3) == 3
    assert set(options.keys()) == set(dict(options.items())) == set(options)
    assert len(list(options.values())) == len(options.keys())


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"presicion": "fp16"}, "there is no option 'presicion'; did you mean precision?"),
        ({"precision": "bf61"}, "did you mean bf16?"),
        ({"grad_accumulation_factor": 0}, "grad_accumulation_factor must be at least 1, got 0"),
        ({"grad_accumulation_factor": 1.5}, "grad_accumulation_factor must be a whole number, got 1.5"),
        ({"debug": "yes"}, "debug must be true or false, got 'yes'"),
        ({"ckpt_interval_minutes": -1}, "ckpt_interval_minutes must not be negative"),
        ({"jit": True}, "use compile"),
        ({"data_parallel_backend": True}, "torchrun"),
    ],
)
def test_what_cannot_be_used_is_refused(given, text):
    with pytest.raises((ArgumentError, ChoiceError)) as caught:
        RunOptions.from_dictionary(given)
    assert text in str(caught.value)
