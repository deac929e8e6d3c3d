"""Write docs/reference/*.md and its pictures from signatures, docstrings and the command's own help.

An own generator and not mkdocstrings: the command's help and the plots need a script anyway, its pages
are plain Markdown, and the signatures come out as they are written in the source.
"""

import ast
import contextlib
import importlib
import inspect
import io
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import plots

import sonovox
from sonovox._internal import errors
from sonovox.cli.main import app, main
from sonovox.hparams.names import MODEL_NAMES, RECIPE_NAMES, RENAMED_ARGUMENTS
from sonovox.models.whisper import PRETRAINED

DOCS = Path(__file__).parent
REFERENCE = DOCS / "reference"
SOURCE = Path(sonovox.__file__).parent


@dataclass(frozen=True)
class Page:
    """One page: its file, its title, and the modules whose public names it documents."""

    file: str
    title: str
    modules: tuple[str, ...]


PAGES = (
    Page("functional.md", "sonovox.functional", ("sonovox.functional",)),
    Page("transforms.md", "sonovox.transforms", ("sonovox.transforms",)),
    Page("kaldi.md", "sonovox.compliance.kaldi", ("sonovox.compliance.kaldi",)),
    Page("io.md", "sonovox.io", ("sonovox.io",)),
    Page("hub.md", "sonovox.hub", ("sonovox.hub", "sonovox.hub.trust")),
    Page("hparams.md", "sonovox.hparams", ("sonovox.hparams",)),
    Page(
        "whisper.md",
        "sonovox.models.whisper",
        ("sonovox.models.whisper", "sonovox.models.whisper.export", "sonovox.models.whisper.packing"),
    ),
    Page("wav2vec2.md", "sonovox.models.wav2vec2", ("sonovox.models.wav2vec2",)),
    Page("hubert.md", "sonovox.models.hubert", ("sonovox.models.hubert",)),
    Page("wavlm.md", "sonovox.models.wavlm", ("sonovox.models.wavlm",)),
    Page(
        "huggingface.md",
        "sonovox.integrations.huggingface",
        ("sonovox.integrations.huggingface", "sonovox.integrations.peft", "sonovox.integrations.transformers"),
    ),
    Page(
        "decoding.md",
        "sonovox.decoding",
        (
            "sonovox.decoding.rnn_searchers",
            "sonovox.decoding.transformer_searchers",
            "sonovox.decoding.beam_search",
            "sonovox.decoding.seq2seq",
            "sonovox.decoding.whisper_searchers",
            "sonovox.decoding.two_values",
            "sonovox.decoding.transducer",
            "sonovox.decoding.transducer_beam",
            "sonovox.decoding.scorer_builder",
            "sonovox.decoding.ctc_scorer",
            "sonovox.decoding.coverage_scorer",
            "sonovox.decoding.language_model_scorers",
            "sonovox.decoding.ngram_scorer",
            "sonovox.decoding.hotword_scorer",
            "sonovox.decoding.rescorers",
            "sonovox.decoding.ctc_beam",
            "sonovox.decoding.ctc_greedy",
            "sonovox.decoding.language_models",
            "sonovox.decoding.kenlm_model",
            "sonovox.decoding.whisper",
            "sonovox.decoding.whisper_longform",
            "sonovox.decoding.whisper_search",
            "sonovox.decoding.whisper_rules",
        ),
    ),
    Page(
        "inference.md",
        "sonovox.inference",
        (
            "sonovox.inference.asr",
            "sonovox.inference.encoder_asr",
            "sonovox.inference.speaker",
            "sonovox.inference.voice_doubts",
            "sonovox.inference.embedding_files",
            "sonovox.inference.trials",
            "sonovox.inference.published_folders",
            "sonovox.inference.classify",
            "sonovox.inference.detect_speech",
            "sonovox.inference.silero_detector",
            "sonovox.inference.load_detector",
            "sonovox.inference.diarization",
            "sonovox.inference.diarization_plot",
            "sonovox.inference.speech_boundaries",
            "sonovox.inference.separation",
            "sonovox.inference.enhancement",
            "sonovox.inference.load_enhancer",
            "sonovox.inference.written_sources",
            "sonovox.inference.waveform_encoder",
            "sonovox.inference.tts",
            "sonovox.inference.spoken_text",
            "sonovox.inference.interface",
            "sonovox.inference.model_folder",
            "sonovox.inference.hub_upload",
            "sonovox.inference.foreign_folders",
            "sonovox.inference.load_recogniser",
            "sonovox.inference.recogniser",
            "sonovox.inference.transcript",
            "sonovox.inference.subtitles",
        ),
    ),
    Page("nn.md", "sonovox.nn", ("sonovox.nn",)),
    Page("models.md", "sonovox.models", ("sonovox.models",)),
    Page("ecapa_tdnn.md", "sonovox.models.ecapa_tdnn", ("sonovox.models.ecapa_tdnn",)),
    Page("xvector.md", "sonovox.models.xvector", ("sonovox.models.xvector",)),
    Page("conv_tasnet.md", "sonovox.models.conv_tasnet", ("sonovox.models.conv_tasnet",)),
    Page("dual_path.md", "sonovox.models.dual_path", ("sonovox.models.dual_path",)),
    Page("tacotron2.md", "sonovox.models.tacotron2", ("sonovox.models.tacotron2",)),
    Page("augment.md", "sonovox.augment", ("sonovox.augment",)),
    Page("data.md", "sonovox.data", ("sonovox.data",)),
    Page("datasets.md", "sonovox.datasets", ("sonovox.datasets",)),
    Page("clustering.md", "sonovox.clustering", ("sonovox.clustering",)),
    Page("text.md", "sonovox.text", ("sonovox.text",)),
    Page("metrics.md", "sonovox.metrics", ("sonovox.metrics",)),
    Page("losses.md", "sonovox.losses", ("sonovox.losses",)),
    Page(
        "training.md",
        "sonovox.training",
        (
            "sonovox.training.stage",
            "sonovox.training.brain",
            "sonovox.training.options",
            "sonovox.training.experiment",
            "sonovox.training.epochs",
            "sonovox.training.loggers",
            "sonovox.training.distributed",
            "sonovox.training.seeding",
        ),
    ),
    Page(
        "checkpoints.md",
        "sonovox.training: checkpoints",
        (
            "sonovox.training.checkpoints.checkpointer",
            "sonovox.training.checkpoints.averaging",
            "sonovox.training.checkpoints.random_states",
        ),
    ),
    Page("schedules.md", "sonovox.training.schedules", ("sonovox.training.schedules",)),
    Page("finetuning.md", "sonovox.finetuning", ("sonovox.finetuning",)),
)

# Sections of a docstring whose entries are `name: text`.
_LISTS = ("Args", "Attributes", "Raises")
_SECTION = re.compile(rf"({'|'.join((*_LISTS, 'Returns', 'Yields'))}):\n")
_ENTRY = re.compile(r"(?P<name>[\w*.]+): (?P<text>.*)", re.DOTALL)
_CODE_SPAN = re.compile(r"`((hub|io|models|sonovox)\.(\w+\.)*)?(?P<name>[A-Za-z_]\w*)`(?![\]`])")


def generate() -> None:
    """All pages and pictures."""
    REFERENCE.mkdir(exist_ok=True)
    plots.draw_all(REFERENCE / "img")
    pages = {page.file: render_page(page) for page in PAGES}
    pages["errors.md"] = render_errors()
    homes = {name: file for page in PAGES for name, file in _homes(page)}
    homes |= dict.fromkeys(errors.__all__, "errors.md")
    for file, text in pages.items():
        own = {name for page in PAGES if page.file == file for name, _ in _homes(page)}
        (REFERENCE / file).write_text(with_links(text, file, homes, own), encoding="utf-8")
    (REFERENCE / "names.md").write_text(render_names(), encoding="utf-8")
    (REFERENCE / "command.md").write_text(render_command(), encoding="utf-8")
    (REFERENCE / "decisions.md").write_text(render_decisions(), encoding="utf-8")


def render_page(page: Page) -> str:
    """The Markdown of one package."""
    parts = [f"# {page.title}"]
    for name in page.modules:
        module = importlib.import_module(name)
        if len(page.modules) > 1:
            parts.append(f"## Module `{name}`")
        parts += render_docstring(inspect.getdoc(module) or "")
        for public in module.__all__:
            parts += render_name(module, public)
    return "\n\n".join(parts) + "\n"


def render_name(module: ModuleType, name: str) -> list[str]:
    """One public function, class or constant."""
    thing = getattr(module, name)
    title = f"### `{name}` {{ #{name} }}"
    if not (inspect.isclass(thing) or inspect.isfunction(thing)):
        return [title, *render_constant(module, name, thing)]
    if thing.__name__ != name:
        return [title, f"Another name of `{thing.__name__}`."]
    node = definition_of(thing)
    parts = [title, code_block(signature_of(node, constructor=constructor_of(thing)))]
    parts += render_docstring(inspect.getdoc(thing) or "")
    parts += [f"![{alt}](img/{file})" for file, alt in plots.PICTURES.get(name, ())]
    if isinstance(node, ast.ClassDef):
        for method in documented_methods(node):
            parts += render_method(name, method)
    return [*parts, *render_home(thing, module)]


def render_home(thing: object, shown: ModuleType) -> list[str]:
    """Where a name is defined, and what the head of that file says: the method, its equations and their source."""
    home = Path(inspect.getsourcefile(thing) or "").relative_to(SOURCE).as_posix()
    place = f"<small>Defined in `src/sonovox/{home}`.</small>"
    module = inspect.getmodule(thing)
    if module is None or module is shown:  # its head stands at the top of the page already
        return [place]
    background = "\n\n".join(render_docstring(inspect.getdoc(module) or ""))
    return [textwrap.indent(background, "> ", lambda _: True), place]


def render_method(owner: str, node: ast.FunctionDef) -> list[str]:
    """One public method or property of a class."""
    marks = [d.id for d in node.decorator_list if isinstance(d, ast.Name)]
    title = f"#### `{owner}.{node.name}` {{ #{owner}.{node.name} }}"
    docs = render_docstring(inspect.cleandoc(ast.get_docstring(node) or ""))
    if "property" in marks:
        returns = f": `{_annotation(node.returns)}`" if node.returns else ""
        return [title, f"Property{returns}. {docs[0]}", *docs[1:]]
    kind = "@classmethod\n" if "classmethod" in marks else ""
    return [title, code_block(kind + signature_of(node, drop_first=True)), *docs]


def render_constant(module: ModuleType, name: str, value: object) -> list[str]:
    """A table of models, or the right side of an assignment."""
    if value is PRETRAINED:
        rows = [
            f"| `{key}` | {model.megabytes} MB | {'many' if model.multilingual else 'English'} | `{model.sha256}` |"
            for key, model in PRETRAINED.items()
        ]
        table = ["| name | size | languages | sha256 of the checkpoint |", "|---|---|---|---|", *rows]
        return ["Published models by their names.", "\n".join(table)]
    for path in sorted(Path(inspect.getsourcefile(module) or "").parent.glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
            if name in map(ast.unparse, targets):
                return [code_block(_source(node))]
    raise LookupError(f"{module.__name__}.{name} is neither documented nor assigned")


def render_errors() -> str:
    """The tree of errors, and each with its base classes."""
    docs = inspect.getdoc(errors) or ""
    parts = [
        "# Errors",
        "Every error that sonovox raises on purpose is in this tree; import it from `sonovox.errors`. "
        "Each has a message (what was expected and what came) and a hint (what to do). "
        "Where Python has a class for the same trouble, the error is of that class too, "
        "so that `except FileNotFoundError` catches an audio file that is not there.",
        *render_docstring(docs),
    ]
    for name in errors.__all__:
        thing = getattr(errors, name)
        bases = ", ".join(f"`{base.__name__}`" for base in thing.__bases__)
        parts += [f"### `{name}` {{ #{name} }}", *render_docstring(inspect.getdoc(thing) or ""), f"Base: {bases}."]
    return "\n\n".join(parts) + "\n"


def render_names() -> str:
    """The tables of names that YAML files may use."""
    parts = [
        "# Names in YAML files",
        "What `!new:`, `!name:` and `!apply:` may be followed by, "
        "from the tables of `src/sonovox/hparams/names.py`. Modules of your own are opened by `code`.",
    ]
    for title, table in (("In model folders", MODEL_NAMES), ("In recipes also", RECIPE_NAMES)):
        rows = []
        for name, home in sorted(table.items()):
            renamed = ", ".join(f"`{old}` is `{new}`" for old, new in RENAMED_ARGUMENTS.get(name, {}).items())
            rows.append(f"| `{name}` | `{home.replace(':', '.')}` | {renamed} |")
        parts += [f"## {title}", "\n".join(["| name | is | arguments |", "|---|---|---|", *rows])]
    return "\n\n".join(parts) + "\n"


def render_command() -> str:
    """The help of the command and of all its subcommands, as a terminal shows it."""
    parts = ["# The command", "What `--help` prints. Results go to stdout, everything else to stderr."]
    parts.append(
        "Exit codes: 0; 1 where some files failed; 2 for an error, or where all files failed; 130 after Ctrl-C."
    )
    for words in command_paths():
        parts += [f"## `{' '.join(['sonovox', *words])}`", code_block(help_of(words), "text")]
    return "\n\n".join(parts) + "\n"


def command_paths() -> Iterator[list[str]]:
    """The words of each command: nothing, `transcribe`, `models`, `models pull`, ..."""
    import typer

    def walk(command: object, words: list[str]) -> Iterator[list[str]]:
        yield words
        for name, child in getattr(command, "commands", {}).items():
            yield from walk(child, [*words, name])

    yield from walk(typer.main.get_command(app), [])


def help_of(words: list[str]) -> str:
    """What `sonovox … --help` prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        main([*words, "--help"])
    return printed.getvalue().rstrip()


def render_decisions() -> str:
    """A list of the decision records."""
    lines = []
    for path in sorted((DOCS / "decisions").glob("[0-9]*.md")):
        title = path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
        lines.append(f"- [{title}](../decisions/{path.name})")
    return "\n".join(["# Decision records", "", "Changes of the plan, each with its reasons.", "", *lines]) + "\n"


def render_docstring(docs: str) -> list[str]:
    """Google's sections as Markdown: entries become lists, examples become code."""
    parts: list[str] = []
    for block in re.split(r"\n\s*\n", docs):
        section = _SECTION.match(block)
        if section:
            parts += [f"**{section[1]}**", render_section(section[1], textwrap.dedent(block[section.end() :]))]
        elif block.startswith(">>>"):
            parts.append(code_block(block, "pycon"))
        elif block.startswith("    ") or re.search(r"^\S.*\S {3,}\S|[├└]", block, re.MULTILINE):
            parts.append(code_block(textwrap.dedent(block), "text"))
        elif block.strip():
            parts.append(block)
    return merge_code(parts)


def render_section(kind: str, body: str) -> str:
    """The entries of a section, one bullet each; continuation lines are indented in the docstring."""
    if kind not in _LISTS:
        return body
    entries = re.split(r"\n(?=\S)", body)
    lines = []
    for entry in entries:
        match = _ENTRY.fullmatch(entry)
        text = " ".join(line.strip() for line in (match["text"] if match else entry).splitlines())
        lines.append(f"- `{match['name']}`: {text}" if match else f"- {text}")
    return "\n".join(lines)


def merge_code(parts: list[str]) -> list[str]:
    """Neighbouring text blocks, which a blank line has cut, become one again."""
    merged: list[str] = []
    for part in parts:
        if merged and merged[-1].startswith("```text\n") and part.startswith("```text\n"):
            merged[-1] = merged[-1].removesuffix("\n```") + "\n\n" + part.removeprefix("```text\n")
        else:
            merged.append(part)
    return merged


def definition_of(thing: type | object) -> ast.ClassDef | ast.FunctionDef:
    """The syntax tree of a function or a class."""
    node = ast.parse(textwrap.dedent(inspect.getsource(thing))).body[0]
    if not isinstance(node, ast.ClassDef | ast.FunctionDef):
        raise TypeError(f"{thing} is neither a function nor a class")
    return node


def constructor_of(thing: object) -> ast.FunctionDef | None:
    """`__init__` as it is written in the class or the first of its bases in this package."""
    for base in inspect.getmro(thing) if inspect.isclass(thing) else ():
        if base.__module__.startswith("sonovox."):
            for node in definition_of(base).body:
                if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                    return node
    return None


def documented_methods(node: ast.ClassDef) -> Iterator[ast.FunctionDef]:
    """Public methods with a docstring, in their order."""
    for part in node.body:
        if isinstance(part, ast.FunctionDef) and not part.name.startswith("_") and ast.get_docstring(part):
            yield part


def signature_of(
    node: ast.ClassDef | ast.FunctionDef, *, constructor: ast.FunctionDef | None = None, drop_first: bool = False
) -> str:
    """The call as it is written in the source, on one line where it fits."""
    if isinstance(node, ast.ClassDef):
        bases = [ast.unparse(base) for base in node.bases]
        if "Protocol" in bases:
            return f"class {node.name}(Protocol)"
        if constructor is not None:
            return f"class {node.name}{_call(arguments_of(constructor.args, drop_first=True), '')}"
        fields = [_source(part) for part in node.body if isinstance(part, ast.AnnAssign)]
        fields = [field for field in fields if "init=False" not in field]
        return f"class {node.name}{_call(fields, '')}"
    returns = f" -> {_annotation(node.returns)}" if node.returns else ""
    return f"{node.name}{_call(arguments_of(node.args, drop_first=drop_first), returns)}"


def arguments_of(arguments: ast.arguments, *, drop_first: bool) -> list[str]:
    """Each argument with its annotation and default."""
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(plain) - len(arguments.defaults)) + list(arguments.defaults)
    words = [_argument(arg, default) for arg, default in zip(plain, defaults, strict=True)][drop_first:]
    if arguments.vararg:
        words.append(f"*{_argument(arguments.vararg, None)}")
    elif arguments.kwonlyargs:
        words.append("*")
    words += [_argument(arg, default) for arg, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    return [*words, f"**{_argument(arguments.kwarg, None)}"] if arguments.kwarg else words


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    annotation = f": {_annotation(argument.annotation)}" if argument.annotation else ""
    value = f" = {_source(default)}" if default else ""
    return f"{argument.arg}{annotation}{value}"


def _annotation(node: ast.expr) -> str:
    quoted = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return str(node.value) if quoted else _source(node)


def _source(node: ast.AST) -> str:
    """The code of a syntax tree, with the double quotes of this house."""
    return ast.unparse(node).replace("'", '"')


def _call(arguments: list[str], returns: str) -> str:
    line = f"({', '.join(arguments)}){returns}"
    if len(line) <= 72 or not arguments:
        return line
    inside = "".join(f"    {argument},\n" for argument in arguments)
    return f"(\n{inside}){returns}"


def code_block(code: str, language: str = "python") -> str:
    """A fenced block of code."""
    return f"```{language}\n{code}\n```"


def with_links(text: str, file: str, homes: dict[str, str], own: set[str]) -> str:
    """Names in `code` become links to where they are documented, outside of titles and code blocks."""

    def link(match: re.Match[str]) -> str:
        name = match["name"]
        home = file if name in own else homes.get(name)
        return f"[{match[0]}]({'' if home == file else home}#{name})" if home else match[0]

    lines, in_code = [], False
    for line in text.splitlines():
        in_code ^= line.startswith("```")
        if not in_code and not line.startswith("#"):
            # An entry of a list begins with the name of an argument, which is no reference, or of an error.
            name, colon, rest = line.partition(": ") if re.match(r"- `[a-z*]", line) else ("", "", line)
            line = name + colon + _CODE_SPAN.sub(link, rest)
        lines.append(line)
    return "\n".join(lines) + "\n"


def _homes(page: Page) -> Iterator[tuple[str, str]]:
    for module in page.modules:
        for name in importlib.import_module(module).__all__:
            yield name, page.file


if __name__ == "__main__":
    generate()
