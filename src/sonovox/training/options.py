"""Options of a run: what may change without changing the experiment."""

import dataclasses
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from dataclasses import dataclass, field
from typing import Any, Self, get_type_hints

from sonovox._internal.checks import check_choice, did_you_mean
from sonovox._internal.errors import ArgumentError

__all__ = ["RunOptions", "resolve_options"]

_BAR_COLOURS = {"train": "GREEN", "valid": "MAGENTA", "test": "CYAN"}


@dataclass
class RunOptions:
    """How a run is carried out. Any of them may stand in the YAML file, in Python or on the command line.

    The command line goes before Python (`run_opts`), Python before the YAML file,
    and that before the defaults here (`resolve_options`).

    Attributes:
        test_only: no training, only `evaluate`.
        debug: `debug_batches` batches of `debug_epochs` epochs, and no checkpoints.
        debug_batches: of each stage.
        debug_epochs: of training.
        debug_persistently: with `debug`, write checkpoints all the same.
        device: `"cpu"`, `"cuda"`, `"cuda:1"`, `"mps"`; None takes a GPU where there is one.
        data_parallel_backend: not available; start the run under `torchrun` instead.
        data_parallel_count: goes with it.
        distributed_backend: `"nccl"` or `"gloo"`; without a GPU it is gloo.
        distributed_launch: kept for older scripts: `torchrun` is recognised by itself.
        distributed_mode: `"ddp"` keeps the whole model on each process, `"fsdp"` shards it (FSDP2).
        find_unused_parameters: for DDP, where some weights get no gradient.
        jit: not available; use `compile`.
        jit_module_keys: goes with it.
        compile: compile modules; what cannot be compiled runs as it is, with one warning.
        compile_module_keys: which modules; all when None.
        compile_mode: of `torch.compile`.
        compile_using_fullgraph: without graph breaks.
        compile_using_dynamic_shape_tracing: one graph for all lengths.
        precision: of training: `"fp32"`, `"fp16"`, `"bf16"`.
        eval_precision: of validation and tests.
        auto_mix_prec: older name of `precision="fp16"`.
        bfloat16_mix_prec: older name of `precision="bf16"`.
        max_grad_norm: norm of all gradients together to which they are scaled down; 0 or less: off.
        skip_nonfinite_grads: kept for older scripts: such steps are never taken.
        nonfinite_patience: non-finite losses or gradients, without a good step between, after which training stops.
        noprogressbar: no progress, only the lines of the log.
        ckpt_interval_minutes: between checkpoints inside an epoch; 0: none by time.
        ckpt_interval_steps: optimiser steps between checkpoints inside an epoch; 0: none by steps.
        grad_accumulation_factor: batches to one step of the optimiser.
        optimizer_step_limit: steps of the optimiser after which training ends.
        tqdm_colored_bar: kept for older scripts.
        tqdm_barcolor: goes with it.
        remove_vector_weight_decay: no weight decay for biases, norms and other vectors.
        profile_training: write a trace of some steps for chrome://tracing.
        profile_warmup: steps before it.
        profile_steps: steps in it.
        log_config: a file for `logging.config`, or None.
        param_file: the YAML file of the run.
        overfit_batches: train and validate on this many batches, the same in each epoch; 0: off.
        dry_run: read every item once, try a step of each stage, write nothing, train nothing.
        grace_s: seconds after SIGTERM or SIGINT in which the step and the save have to end.
        overridden_args: names that were given on the command line.

    >>> RunOptions.from_dictionary({"device": "cpu", "precision": "bf16"}).precision
    'bf16'
    """

    test_only: bool = False
    debug: bool = False
    debug_batches: int = 2
    debug_epochs: int = 2
    debug_persistently: bool = False
    device: str | None = None
    data_parallel_backend: bool = False
    data_parallel_count: int = -1
    distributed_backend: str = "nccl"
    distributed_launch: bool = False
    find_unused_parameters: bool = False
    jit: bool = False
    jit_module_keys: list[str] | None = None
    compile: bool = False
    compile_module_keys: list[str] | None = None
    compile_mode: str = "default"
    compile_using_fullgraph: bool = False
    compile_using_dynamic_shape_tracing: bool = False
    precision: str = "fp32"
    eval_precision: str = "fp32"
    auto_mix_prec: bool = False
    bfloat16_mix_prec: bool = False
    max_grad_norm: float = 5.0
    skip_nonfinite_grads: bool = False
    nonfinite_patience: int = 3
    noprogressbar: bool = False
    # SpeechBrain writes none by default; a run that is killed should not lose its day.
    ckpt_interval_minutes: float = 15.0
    ckpt_interval_steps: int = 0
    grad_accumulation_factor: int = 1
    optimizer_step_limit: int | None = None
    tqdm_colored_bar: bool = False
    tqdm_barcolor: dict[str, str] = field(default_factory=_BAR_COLOURS.copy)
    remove_vector_weight_decay: bool = False
    profile_training: bool = False
    profile_warmup: int = 5
    profile_steps: int = 5
    log_config: str | None = None
    param_file: str = ""
    overridden_args: set[str] = field(default_factory=set)
    distributed_mode: str = "ddp"
    overfit_batches: int = 0
    dry_run: bool = False
    grace_s: float = 60.0

    def __post_init__(self) -> None:
        for name, kind in _KINDS.items():
            value = getattr(self, name)
            if kind is float and isinstance(value, int) and not isinstance(value, bool):
                setattr(self, name, float(value))
            elif kind in (bool, int, float, str) and type(value) is not kind:
                raise ArgumentError(f"{name} must be {_IN_WORDS[kind]}, got {value!r}")
        check_choice("precision", self.precision, ("fp32", "fp16", "bf16"))
        check_choice("eval_precision", self.eval_precision, ("fp32", "fp16", "bf16"))
        check_choice("distributed_mode", self.distributed_mode, ("ddp", "fsdp"))
        for name in ("grad_accumulation_factor", "nonfinite_patience", "debug_batches", "debug_epochs"):
            if getattr(self, name) < 1:
                raise ArgumentError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in ("ckpt_interval_minutes", "ckpt_interval_steps", "overfit_batches", "grace_s"):
            if getattr(self, name) < 0:
                raise ArgumentError(f"{name} must not be negative, got {getattr(self, name)}")
        if self.jit or self.jit_module_keys:
            raise ArgumentError("jit is not available: torch has retired TorchScript", hint="use compile")
        if self.data_parallel_backend:
            raise ArgumentError(
                "data_parallel_backend is not available: it is slow",
                hint="torchrun --nproc-per-node N … starts N processes",
            )
        if self.bfloat16_mix_prec or self.auto_mix_prec:
            self.precision = "bf16" if self.bfloat16_mix_prec else "fp16"

    def as_dict(self) -> dict[str, Any]:
        """All options by name."""
        return {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}

    def __getitem__(self, key: str) -> Any:
        return self.as_dict()[key]

    def __contains__(self, key: object) -> bool:
        return key in _KINDS

    def __iter__(self) -> Iterator[str]:
        return iter(_KINDS)

    def get(self, key: str, default: Any = None) -> Any:
        """The option of that name, or `default`."""
        return self.as_dict().get(key, default)

    def keys(self) -> KeysView[str]:
        """The names."""
        return self.as_dict().keys()

    def values(self) -> ValuesView[Any]:
        """The values, in the order of `keys`."""
        return self.as_dict().values()

    def items(self) -> ItemsView[str, Any]:
        """Names and values."""
        return self.as_dict().items()

    @classmethod
    def from_dictionary(cls, args_dict: Mapping[str, Any]) -> Self:
        """Options from names and values; all of them count as given.

        Raises:
            ArgumentError: an unknown name, with the nearest one, or a value of the wrong kind.
        """
        for name in args_dict:
            if name not in _KINDS:
                raise ArgumentError(f"there is no option {name!r}", hint=did_you_mean(name, _KINDS))
        given = {name: value for name, value in args_dict.items() if name != "overridden_args"}
        return cls(**given, overridden_args=set(args_dict.get("overridden_args", given)))

    @classmethod
    def from_command_line_args(cls, arg_list: Iterable[str] | None = None) -> tuple[str, Self, dict[str, Any]]:
        """The YAML file, the options and the overrides of its values, from the words of a command line.

        Words such as `--precision bf16`, `--precision=bf16` or `--debug`. What is no
        option overrides a value of the YAML file: `--lr 1e-4`, `--model.layers=3`.

        Args:
            arg_list: the words; `sys.argv[1:]` when None.

        >>> RunOptions.from_command_line_args(["a.yaml", "--debug", "--lr", "1e-4"])[2]
        {'lr': 0.0001}
        """
        from sonovox.training.command_line import split_words

        file, given, overrides = split_words(arg_list, _KINDS)
        return file, cls.from_dictionary({"param_file": file, **given}), overrides


_KINDS: dict[str, Any] = get_type_hints(RunOptions)
_IN_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def resolve_options(hparams: Mapping[str, Any], run_opts: "RunOptions | Mapping[str, Any] | None") -> RunOptions:
    """The options that hold: the given ones, then those of the YAML file, then the defaults.

    Args:
        hparams: values of the YAML file; those that bear the name of an option count.
        run_opts: options given in Python or on the command line; of a `RunOptions`, those in
            `overridden_args`, or that differ from the defaults.

    >>> resolve_options({"max_grad_norm": 1.0, "precision": "bf16"}, {"precision": "fp16"}).precision
    'fp16'
    """
    merged = {name: hparams[name] for name in _KINDS if name in hparams and name != "overridden_args"}
    if isinstance(run_opts, RunOptions):
        default = RunOptions()
        given = {
            name: value
            for name, value in run_opts.items()
            if name in run_opts.overridden_args or value != getattr(default, name)
        }
    else:
        given = dict(run_opts or {})
    return RunOptions.from_dictionary(merged | given)
