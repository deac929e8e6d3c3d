"""Compiles the C kernels when the package is built or installed in place; without a C compiler it goes on without."""

import importlib.util
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class KernelsBuildHook(BuildHookInterface):
    """Puts the object beside its sources and names the platform in the wheel's tag; a wheel without it fits all."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        kernels = _build_script(Path(self.root) / "src" / "sonovox" / "_kernels" / "build.py")
        try:
            made = kernels.build()
        except kernels.KernelsNotBuilt as reason:
            kernels.OBJECT.unlink(missing_ok=True)  # of an earlier build, and of other sources
            self.app.display_warning(f"sonovox is installed without its C kernels: {reason}")
            return
        build_data["artifacts"].append(made.relative_to(self.root).as_posix())
        build_data["pure_python"] = False
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{platform}"


def _build_script(path: Path) -> Any:
    """By its path, since the package and its dependencies are not there yet."""
    spec = importlib.util.spec_from_file_location("sonovox_kernels_build", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
