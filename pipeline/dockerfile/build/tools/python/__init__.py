"""Python's installers: pip, uv, poetry, pipenv, pdm, pipx, and virtual environments."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.python import managers, pip, program

TOOLS: Mapping[str, Callable[[Call], None]] = {**pip.TOOLS, **managers.TOOLS, **program.TOOLS}
