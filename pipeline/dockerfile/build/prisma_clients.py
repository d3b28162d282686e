"""Node's prisma: whether the image has the client that the start loads."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.dockerfile.build.build import Build, read
from pipeline.dockerfile.build.carrying import ends
from pipeline.dockerfile.build.entries import ancestors
from pipeline.dockerfile.build.prisma import CLIENT, Made, copied_here, prisma_of
from pipeline.dockerfile.build.prisma_engines import Lacking, asked_at_start
from pipeline.dockerfile.build.start.loading import reached
from pipeline.dockerfile.build.start.reached import Reached
from pipeline.dockerfile.build.tools.node.settings import settings_at
from pipeline.dockerfile.place import Place

_DEFAULT = "node_modules/.prisma/client"
_PACKAGE = frozenset({"@prisma/client", "@prisma/client/edge", "@prisma/client/index"})
_NAMES = frozenset({"PrismaClient", "*", "default"})
_COPIES = re.compile(r"""["'](?:allowJs["']\s*:\s*true|assets["'])""")
_PLAIN = frozenset({
    "npm", "npx", "yarn", "pnpm", "tsc", "nest", "prisma", "apt-get", "apk", "set", "cd", "rm",
    "mkdir", "chown", "chmod", "corepack", "node", "adduser", "addgroup", "useradd", "groupadd",
})  # fmt: skip
"""Programs after which the compiler's output is as it was."""

_FIX = "Copy the generated client too, or run prisma generate in the stage that runs it."


def lacking_default(build: Build) -> Iterator[Lacking]:
    """``@prisma/client`` without the generated part, which stands beside it in node_modules."""
    main = build.start.main
    folder = (main.executed.shell.cwd if main else None) or build.final.machine.workdir
    if not _is_installed(build) or folder is None:
        return
    if asked_at_start(build, "generate", "push", "dev"):
        return
    for above in ancestors(folder):
        package = f"{above.rstrip('/')}/node_modules/@prisma/client"
        found = build.in_image(package)
        if found.absent:
            continue
        client = build.in_image(f"{above.rstrip('/')}/{_DEFAULT}")
        if found.entry is None or not client.unlikely:
            return
        made = [one for one in prisma_of(build) if one.entry.path.endswith(f"/{_DEFAULT}")]
        imported = _imported(build)
        if made or imported:
            step = copied_here(build, package)
            yield Lacking(
                step.place if step else found.entry.place,
                f"{above.rstrip('/')}/{_DEFAULT} is not in the image: {_why(build, made)}",
                _FIX,
                client.absent and imported,
            )
        return


def _is_installed(build: Build) -> bool:
    return any(
        one.name == "@prisma/client" for stage in build.used for one in stage.machine.installed
    )


def _why(build: Build, made: list[Made]) -> str:
    if not made:
        return "@prisma/client is installed, and nothing generates the client"
    last = made[-1]
    line = f"line {last.place.line} of {last.place.file}"
    if last.stage in build.lineage(build.final):
        return f"{line} generates it, and this begins with an empty node_modules again"
    return f"{line} generates it in stage {last.stage.name or last.stage.index}, and it stays there"


def _imported(build: Build) -> bool:
    return any(
        module.specifier in _PACKAGE and not module.type_only and _NAMES & set(module.names)
        for source in reached(build)
        if source.certain and "@prisma/client" in source.text and source.language != "python"
        for module in (() if source.bundled else source.modules)
        if not module.guards
    )


def lacking_own(build: Build) -> Iterator[Lacking]:
    """A client in a folder of the project's own, which the start imports and the image lacks."""
    made = [
        one
        for one in prisma_of(build)
        if one.maker == CLIENT and not one.entry.path.endswith(_DEFAULT)
    ]
    seen: set[Place] = set()
    for source in reached(build) if made else ():
        for module in source.modules if source.certain and not source.bundled else ():
            relative = module.specifier.startswith(".") and not module.type_only
            for one in made if relative and not module.guards else ():
                found = _missing(build, source, module.specifier, one)
                if found is not None and found.place not in seen:
                    seen.add(found.place)
                    yield found


def _missing(build: Build, source: Reached, specifier: str, made: Made) -> Lacking | None:
    folder, output = posixpath.dirname(source.path), made.entry.path
    named = posixpath.normpath(posixpath.join(folder, specifier))
    if not f"{named}/".startswith(f"{output}/"):
        return None
    compiler = _compiler(made, folder) if source.compiled else None
    if source.compiled and compiler is None:
        return None
    if compiler is not None and compiler.leaves(build, made):
        return Lacking(
            made.place,
            f"the client is generated into {output} as JavaScript, which tsc does not copy into "
            f"{compiler.out}: {source.origin.file} imports it from {specifier}",
            "Copy the folder into the output after tsc, or generate outside of the sources.",
            certain=False,
        )
    folders = compiler.folders(build, made, folder) if compiler else [folder]
    for here in folders if not made.paths else ():
        path = posixpath.normpath(posixpath.join(here, specifier))
        found = [build.in_image(path + end) for end in ("", ".js", ".ts", "/index.js")]
        if all(one.unlikely for one in found):
            step = copied_here(build, here)
            return Lacking(
                step.place if step else source.place(1),
                f"{source.origin.file} imports the client from {specifier}, and {path} is not in "
                f"the image: line {made.place.line} generates it into {output}",
                _FIX,
                all(one.absent for one in found),
            )
    return None


@dataclass(frozen=True)
class _Compiler:
    """``tsc`` or its kin, from ``root`` into ``out``, for the project in ``folder``."""

    folder: str
    root: str
    out: str

    def folders(self, build: Build, made: Made, folder: str) -> list[str]:
        """Where the image has what was compiled from a folder."""
        inner = posixpath.relpath(folder, self.root)
        compiled = posixpath.normpath(posixpath.join(self.out, inner))
        return sorted(ends(build, made.stage.index, compiled))

    def leaves(self, build: Build, made: Made) -> bool:
        """Whether it leaves a client among the sources behind, and nothing else copies it."""
        inside = made.entry.path.startswith(f"{self.root}/")
        if not inside or made.told.get("provider") != "prisma-client-js":
            return False
        files = ("tsconfig.json", "tsconfig.build.json", "nest-cli.json")
        texts = [read(made.stage.machine, f"{self.folder}/{name}") for name in files]
        if any(one and _COPIES.search(one.text) for one in texts):
            return False
        below = f"{posixpath.basename(self.out)}/"
        return not any(
            step.executed and step.executed.name not in _PLAIN and step.number > made.step
            for stage in build.used
            for step in stage.commands()
        ) and not any(
            below in f"{one.target}/" and "generated" in one.source
            for stage in build.used
            for step in stage.steps
            for one in step.copied
        )


def _compiler(made: Made, folder: str) -> _Compiler | None:
    for above in ancestors(folder):
        settings = settings_at(made.stage.machine, above)
        if settings is not None and settings.out_dir is not None:
            root = settings.root_dir or f"{above.rstrip('/')}/src"
            within = f"{folder}/".startswith(f"{root}/")
            return _Compiler(above, root, settings.out_dir) if within else None
    return None
