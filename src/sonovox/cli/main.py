"""The entry of the command: which commands there are, and how errors leave it."""

import os
import sys
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import typer

from sonovox import __version__
from sonovox._internal.errors import SonovoxWarning
from sonovox.cli import (
    classify,
    diarize,
    doctor,
    embed,
    enhance,
    evaluate,
    finetune,
    info,
    models,
    push,
    separate,
    speak,
    train,
    transcribe,
    vad,
    verify,
)
from sonovox.cli.console import as_sonovox_error, note, print_error

__all__ = ["app", "main"]

EXIT_ERROR = 2
EXIT_INTERRUPTED = 130
# Misspelt options and the like; some versions of typer bring a click of their own.
UsageError: type[Exception] = typer.BadParameter.__bases__[0]

app = typer.Typer(
    name="sonovox",
    help="Audio and speech on PyTorch: transcribe, compare, separate and clean recordings, train models.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("transcribe")(transcribe.transcribe)
app.command("finetune")(finetune.finetune)
app.command("train", context_settings=train.CONTEXT)(train.train)
app.command("evaluate", context_settings=train.CONTEXT)(evaluate.evaluate)
app.command("verify")(verify.verify)
app.command("embed")(embed.embed)
app.command("vad")(vad.vad)
app.command("diarize")(diarize.diarize)
app.command("separate")(separate.separate)
app.command("enhance")(enhance.enhance)
app.command("classify")(classify.classify)
app.command("speak")(speak.speak)
app.command("push")(push.push)
app.command("info")(info.info)
app.add_typer(models.app, name="models")
app.command("doctor")(doctor.doctor)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sonovox {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="Show the version."),
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error; works after a command too."),
) -> None:
    pass


def main(arguments: list[str] | None = None) -> None:
    """Run the command and leave: with 0, 1 where some files failed, 2 for an error, 128 + n for signal n."""
    words = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    try:
        with warnings.catch_warnings():
            if not debug:
                warnings.showwarning = partial(_show_warning, warnings.showwarning)
            code = app(words, prog_name="sonovox", standalone_mode=False, obj=debug)
        sys.stdout.flush()
    except UsageError as error:
        note(f"error: {getattr(error, 'format_message', error.__str__)()}")
        note("hint:  `sonovox --help`, or `sonovox COMMAND --help`, shows what there is")
        code = EXIT_ERROR
    except (KeyboardInterrupt, typer.Abort):
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        code = _reader_has_left()
    except SystemExit as leave:  # what typer makes of a broken pipe
        code = _reader_has_left() if isinstance(leave.__context__, BrokenPipeError) else leave.code
    except Exception as error:
        print_error(as_sonovox_error(error), debug=debug)
        sys.exit(getattr(error, "exit_code", EXIT_ERROR))  # training that a signal has ended has its own
    if code == EXIT_INTERRUPTED:  # which some versions of typer return of themselves
        note("interrupted; what was finished is kept")
    sys.exit(code or 0)


def _show_warning(usual: Callable[..., None], message: Warning | str, category: type[Warning], *place: Any) -> None:
    """Ours on one line, as errors; where in the code it was is for those who write it."""
    if issubclass(category, SonovoxWarning):
        note(f"warning: {' '.join(str(message).split())}")
    else:
        usual(message, category, *place)


def _reader_has_left() -> int:
    """The exit code where the reader of a pipe has enough, as `head` does: nothing went wrong."""
    # Python would complain again when it flushes at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
