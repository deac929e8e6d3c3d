"""`!include:other.yaml`: another file in the place of a node."""

from pathlib import Path

from sonovox._internal.errors import HParamsError
from sonovox.hparams.document import Document, Mapping, Node, Scalar, Sequence, children, fault, key_path, walk
from sonovox.hparams.limits import Limits
from sonovox.hparams.overrides import update
from sonovox.hparams.parse import parse_text
from sonovox.hparams.references import in_brackets
from sonovox.hparams.source import read_file

__all__ = ["Includer"]

_MOST_FILES = 50


class Includer:
    """Puts included files in the place of the nodes that ask for them, and counts them toward the limits.

    An included file resolves its references in itself. Values under the tag
    override those of the included file.

    Args:
        root: folder in which all files must lie, links followed; None: there is none to include from.
        limits: the bytes are counted over all files.
        used: bytes of the text that includes.
    """

    def __init__(self, root: Path | None, limits: Limits, used: int) -> None:
        self.root = root.resolve() if root is not None else None
        self.limits = limits
        self.used = used
        self.n_files = 0
        self.n_nodes = 0

    def expand(self, top: Mapping, files: tuple[Path, ...] = (), path: str = "") -> Mapping:
        """`top` with all includes below it replaced, or what the tag on itself includes.

        Raises:
            HParamsError: a file lies outside of the folder, cannot be read, or includes itself.
        """
        if top.tag.startswith("!include:"):
            return self.included(top, files, path)
        for parent_path, parent in list(walk(top, path)):
            for key, child in children(parent):
                if child.tag.startswith("!include:"):
                    new = self.included(child, files, key_path(parent_path, key))
                    if isinstance(parent, Mapping):
                        parent.entries[key] = new
                    elif isinstance(parent, Sequence) and isinstance(key, int):
                        parent.items[key] = new
        return top

    def included(self, node: Node, files: tuple[Path, ...], path: str) -> Mapping:
        """The outermost mapping of the file that `node` names, with the values of `node` over it."""
        name = node.tag.removeprefix("!include:")
        file = self.inside(name, node, path)
        if file in files:
            raise fault(node.place, path, f"{name} includes itself")
        if len(files) >= self.limits.depth or self.n_files >= _MOST_FILES:
            raise fault(node.place, path, f"expected at most {_MOST_FILES} included files, got more")
        self.n_files += 1
        try:
            text = read_file(file, name, self.limits.file_bytes - self.used)
        except HParamsError as error:
            raise fault(node.place, path, f"{error.message}", hint=error.hint) from error
        self.used += len(text.encode())
        name_in_errors = str((node.place.document.folder or Path()) / name)
        document = Document(name_in_errors, file.parent, prefix=in_brackets(path))
        top = parse_text(text, document, self.limits)
        document.root = self.expand(top, (*files, file), path)
        if isinstance(node, Mapping):
            changes = Mapping(node.place, "", node.entries, node.key_places)
            update(document.root, changes, path, must_match=False)
        elif not (isinstance(node, Scalar) and node.value in ("", None)):
            raise fault(node.place, path, f"expected names with values after {node.tag}, to override with")
        return document.root

    def inside(self, name: str, node: Node, path: str) -> Path:
        """The path of an included file, once it is sure to lie in the folder."""
        here = node.place.document.folder
        if self.root is None or here is None:
            raise fault(
                node.place, path, f"cannot include {name}: this text lies in no folder", hint="load it by its path"
            )
        try:
            file = (here / name).resolve()
        except (OSError, ValueError, RuntimeError) as error:
            raise fault(node.place, path, f"cannot include {name!r}: {error}") from None
        if "://" in name or not file.is_relative_to(self.root):
            hint = "put it in the folder of the file that includes it"
            raise fault(node.place, path, f"cannot include {name}: it lies outside of {self.root}", hint=hint)
        return file
