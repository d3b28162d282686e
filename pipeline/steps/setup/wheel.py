"""The installed pipeline as one wheel, to be kept in the repository that uses it.

So no registry has to have it, and every machine runs the same one.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, distribution
from pathlib import PurePosixPath

from pipeline.steps.setup.templates import INSIDE, NAMES, File, package_folder, template_folder

PATTERN = "scripts/cloud_run_pipeline-*.whl"

_DISTRIBUTION = "cloud-run-pipeline"
_HEADERS = ("Metadata-Version", "Name", "Version", "License-Expression", "Requires-Python")
_WHEEL = (
    "Wheel-Version: 1.0\nGenerator: cloud-run-pipeline\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
)
_EPOCH = (1980, 1, 1, 0, 0, 0)


def wheel() -> File:
    """The package with its templates; the same files make the same wheel."""
    installed = distribution(_DISTRIBUTION)
    files = dict(sorted(_files(installed)))
    stem = f"cloud_run_pipeline-{installed.version}"
    files[f"{stem}.dist-info/RECORD"] = _record(files, f"{stem}.dist-info/RECORD")
    return File(f"scripts/{stem}-py3-none-any.whl", _zipped(files))


def same_wheel(one: bytes, other: bytes) -> bool:
    """Whether two wheels hold the same; how well each is compressed does not matter."""
    try:
        return _checksums(one) == _checksums(other)
    except zipfile.BadZipFile:
        return False


def _files(installed: Distribution) -> Iterator[tuple[str, bytes]]:
    package = package_folder()
    for path in package.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield f"{package.name}/{path.relative_to(package).as_posix()}", path.read_bytes()
    for name in NAMES:
        yield f"{package.name}/{INSIDE}/{name}", (template_folder() / name).read_bytes()
    info = f"cloud_run_pipeline-{installed.version}.dist-info"
    yield f"{info}/WHEEL", _WHEEL.encode()
    yield f"{info}/METADATA", _metadata(installed).encode()
    for file in installed.files or ():
        if "licenses" in file.parts:
            yield f"{info}/licenses/{PurePosixPath(file).name}", file.read_binary()


def _metadata(installed: Distribution) -> str:
    said = installed.metadata
    lines = [f"{name}: {said[name]}" for name in _HEADERS if name in said]
    lines += [f"Requires-Dist: {one}" for one in said.get_all("Requires-Dist") or ()]
    return "\n".join([*lines, ""])


def _record(files: Mapping[str, bytes], itself: str) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.writerow([name, f"sha256={digest}", len(content)])
    rows.writerow([itself, "", ""])
    return text.getvalue().encode()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return raw.getvalue()


def _checksums(raw: bytes) -> Mapping[str, int]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {one.filename: one.CRC for one in archive.infolist()}
