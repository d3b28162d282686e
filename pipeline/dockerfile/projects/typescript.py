"""``tsconfig.json``: JSON with comments and trailing commas."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.dockerfile.projects.tables import json_table, table, text, texts

_PIECE = re.compile(
    r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/|\Z)|\s+|[^\s"/]|.', re.DOTALL
)


@dataclass(frozen=True)
class TsConfig:
    """What a ``tsconfig.json`` says itself; ``extends`` names the files it builds on."""

    extends: tuple[str, ...] = ()
    out_dir: str = ""
    root_dir: str = ""
    base_url: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    module: str = ""
    no_emit: bool = False
    references: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


def tsconfig(source: str) -> TsConfig | None:
    """What the file says; None where it cannot be read."""
    data = json_table(plain_json(source))
    if data is None:
        return None
    options = table(data, "compilerOptions")
    references = data.get("references")
    listed = references if isinstance(references, list) else []
    return TsConfig(
        extends=texts(data.get("extends")),
        out_dir=text(options, "outDir"),
        root_dir=text(options, "rootDir"),
        base_url=text(options, "baseUrl"),
        include=texts(data.get("include")),
        exclude=texts(data.get("exclude")),
        files=texts(data.get("files")),
        module=text(options, "module").lower(),
        no_emit=options.get("noEmit") is True,
        references=tuple(text(table(entry), "path") for entry in listed),
        paths=tuple(table(options, "paths")),
    )


def plain_json(source: str) -> str:
    """The text without comments and trailing commas; lines stay where they are."""
    kept: list[str] = []
    comma = -1
    for found in _PIECE.finditer(source.removeprefix("\ufeff")):
        piece = found[0]
        if piece.startswith(("//", "/*")):
            kept.append("\n" * piece.count("\n"))
            continue
        if piece in "}]" and comma >= 0:
            kept[comma] = ""
        if not piece.isspace():
            comma = len(kept) if piece == "," else -1
        kept.append(piece)
    return "".join(kept)
