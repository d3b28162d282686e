"""A base image made from the running interpreter, for a machine that can reach no registry.

It behaves like the official ``python`` image where a Dockerfile can tell: ``python`` and ``pip`` in
/usr/local/bin, packages in /usr/local/lib/pythonX.Y/site-packages, a shell, coreutils and useradd.

The interpreter itself lies in ``BASE`` and /usr/local is a virtual environment of it. That makes
Debian's Python, which installs into dist-packages and refuses pip, and any other behave alike.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import ssl
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

BASE = "opt/python"
CA_BUNDLE = "etc/ssl/certs/ca-certificates.crt"
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"

TOOLS = """sh bash basename cat chmod chown cp cut date dirname du echo env false find getent grep
groupadd groupmod gzip head id install ldd ln ls mkdir mktemp mv nologin printenv printf pwd
readlink realpath rm rmdir sed seq sha256sum sleep sort stat su tail tar tee test timeout touch tr
true uname uniq useradd usermod wc which whoami xargs ["""

WHEELS_LOAD = """libdl.so.2 libexpat.so.1 libgcc_s.so.1 libm.so.6 libpthread.so.0 libresolv.so.2
librt.so.1 libstdc++.so.6 libutil.so.1 libz.so.1"""
"""What a manylinux wheel may expect of the machine (PEP 599), without the graphical ones."""

SKIPPED = shutil.ignore_patterns(
    "__pycache__", "site-packages", "dist-packages", "sitecustomize.py", "EXTERNALLY-MANAGED",
    "config-*", "idlelib", "lib2to3", "test", "tests", "tkinter", "turtledemo", "*.a",
    "_ctypes_test*", "_test*", "_tkinter*", "nis.*", "ossaudiodev*", "xx*",
)  # fmt: skip

CONFIGURATION = (
    "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
    "ENV LANG=C.UTF-8",
    f"ENV PYTHON_VERSION={sys.version.split()[0]}",
    f"ENV SSL_CERT_FILE=/{CA_BUNDLE}",
    f"ENV PIP_CERT=/{CA_BUNDLE}",
    f"ENV REQUESTS_CA_BUNDLE=/{CA_BUNDLE}",
    'CMD ["python3"]',
)

FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\nstaff:x:50:\nusers:x:100:\nnogroup:x:65534:\n",
    "etc/shadow": "root:*:19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\n",
    "etc/gshadow": "root:*::\nstaff:*::\nusers:*::\nnogroup:*::\n",
    "etc/login.defs": "UID_MIN 1000\nUID_MAX 60000\nGID_MIN 1000\nGID_MAX 60000\n"
    "SYS_UID_MIN 100\nSYS_UID_MAX 999\nSYS_GID_MIN 100\nSYS_GID_MAX 999\nUSERGROUPS_ENAB yes\n",
    "etc/default/useradd": "SHELL=/bin/sh\n",
    "usr/local/pyvenv.cfg": f"home = /{BASE}/bin\ninclude-system-site-packages = true\n",
}

PIP = f"""#!/usr/local/bin/python{VERSION}
import sys

from pip._internal.cli.main import main

sys.exit(main())
"""

ADDUSER = Path(__file__).with_name("stand_in_adduser")


def build(root: Path) -> None:
    """Lay the image's files out under ``root``, an empty folder."""
    for folder in ("usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "root", "home", "tmp", "var/tmp"):
        (root / folder).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    for path, text in FILES.items():
        _write(root / path, text)
    programs = [*_interpreter(root), *_tools(root)]
    _libraries(root, programs)
    _pip(root)
    _copy(_ca_bundle(), root / CA_BUNDLE)
    _compile(root)


def archive(root: Path, out: IO[bytes]) -> None:
    """Write ``root`` as a tar that depends on names, contents and permissions only."""
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.GNU_FORMAT) as tar:
        for path in sorted(root.rglob("*")):
            tar.add(path, str(path.relative_to(root)), recursive=False, filter=_anonymous)


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = "root"
    if entry.isdir():
        entry.mode = 0o1777 if entry.name in {"tmp", "var/tmp"} else 0o755
    elif entry.name.endswith("shadow"):
        entry.mode = 0o600
    elif entry.isreg():
        entry.mode = 0o755 if entry.mode & 0o100 else 0o644
    return entry


def _interpreter(root: Path) -> list[Path]:
    """Copy the interpreter and its standard library; return what needs shared libraries."""
    program = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    _copy(program, root / BASE / "bin" / f"python{VERSION}")
    names = ("python", "python3", f"python{VERSION}")
    (root / "usr/local/bin").mkdir(parents=True)
    for name in names:
        (root / "usr/local/bin" / name).symlink_to(f"/{BASE}/bin/python{VERSION}")
    for name in names[:2]:
        (root / BASE / "bin" / name).symlink_to(f"python{VERSION}")
    library = root / BASE / sys.platlibdir / f"python{VERSION}"
    shutil.copytree(
        sysconfig.get_path("stdlib"), library, ignore=SKIPPED, ignore_dangling_symlinks=True
    )
    wheels = Path("/usr/share/python-wheels")  # where Debian's ensurepip looks
    if wheels.is_dir():
        shutil.copytree(wheels, root / wheels.relative_to("/"))
    (root / "usr/local/lib" / f"python{VERSION}" / "site-packages").mkdir(parents=True)
    return [program, *library.rglob("*.so")]


def _tools(root: Path) -> list[Path]:
    """Copy the programs a Dockerfile needs, as far as this machine has them."""
    found = [path for path in map(_which, TOOLS.split()) if path]
    for path in found:
        _copy(path, root / "usr" / ("sbin" if path.parent.name == "sbin" else "bin") / path.name)
    for name in ("adduser", "addgroup"):
        _copy(ADDUSER, root / "usr/sbin" / name)
    return [path for path in found if path.name != "ldd"]


def _which(name: str) -> Path | None:
    found = shutil.which(name, path=f"/usr/bin:/bin:/usr/sbin:/sbin:{os.environ.get('PATH', '')}")
    return Path(found) if found else None


def _libraries(root: Path, programs: Iterable[Path]) -> None:
    """Copy the loader, and every shared library into the folder where the loader looks first.

    Compiled wheels load some that no program here needs.
    """
    needed = dict(_needed(programs))
    home = needed["libc.so.6"].parent.resolve()
    for name in WHEELS_LOAD.split():
        for folder in sorted({path.parent for path in needed.values()}):
            if (folder / name).exists():
                needed.setdefault(name, folder / name)
    for name, path in {**dict(_needed(needed.values())), **needed}.items():
        _copy(path, root / home.relative_to("/") / name)
        if name.startswith("ld-"):
            _copy(path, root / "usr" / path.parent.name / name)


def _needed(programs: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Each shared library's name, and the file the loader finds for it."""
    listing = subprocess.run(
        ("ldd", *sorted(map(str, programs))), capture_output=True, text=True, check=False
    ).stdout
    for line in listing.splitlines():
        if match := re.match(r"\s+(?:\S+ => )?(/\S+) \(0x", line):
            path = Path(match[1])
            yield path.name, path


def _pip(root: Path) -> None:
    """Give /usr/local the pip of the running environment, or the one ensurepip carries."""
    site = root / "usr/local/lib" / f"python{VERSION}" / "site-packages"
    spec = importlib.util.find_spec("pip")
    if spec and spec.origin:
        package = Path(spec.origin).parent
        shutil.copytree(package, site / "pip", ignore=shutil.ignore_patterns("__pycache__"))
        for metadata in sorted(package.parent.glob("pip-*.dist-info")):
            shutil.copytree(metadata, site / metadata.name)
    else:
        carried = Path(sysconfig.get_path("stdlib"), "ensurepip", "_bundled")
        for wheel in (*carried.glob("pip-*.whl"), *Path("/usr/share/python-wheels").glob("pip-*")):
            shutil.unpack_archive(wheel, site, format="zip")
            break
    for name in ("pip", "pip3", f"pip{VERSION}"):
        _write(root / "usr/local/bin" / name, PIP, mode=0o755)


def _ca_bundle() -> Path:
    """The certificates this machine trusts: a proxy that re-signs TLS is among them."""
    paths = (
        os.environ.get("SSL_CERT_FILE"),
        ssl.get_default_verify_paths().cafile,
        f"/{CA_BUNDLE}",
    )
    for path in paths:
        if path and Path(path).is_file():
            return Path(path)
    from pip._vendor import certifi

    return Path(certifi.where())


def _compile(root: Path) -> None:
    """Compile all Python once: an image's user cannot, and would do it again at every start."""
    subprocess.run(
        (sys.executable, "-I", "-m", "compileall", "-q", "-j", "0",
         "--invalidation-mode", "unchecked-hash", "-s", str(root), "-p", "/",
         str(root / BASE), str(root / "usr/local")),
        check=True,
    )  # fmt: skip


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        shutil.copy(source, target)


def _write(target: Path, text: str, *, mode: int = 0o644) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    target.chmod(mode)
