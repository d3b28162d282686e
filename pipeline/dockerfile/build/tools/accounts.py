"""Users and groups: whose home is where, and whether the folder is made."""

from __future__ import annotations

from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.options import Options, options
from pipeline.dockerfile.build.tools.paths import make_folder

_USERADD = frozenset({
    "-b", "--base-dir", "-c", "--comment", "-d", "--home", "--home-dir", "-e", "--expiredate", "-f",
    "--inactive", "-g", "--gid", "-G", "--groups", "-k", "--skel", "-K", "--key", "-p",
    "--password", "-R", "--root", "-s", "--shell", "-u", "--uid", "-Z", "-l", "--login",
})  # fmt: skip
_ADDUSER = frozenset({
    "--home", "--shell", "--uid", "--gid", "--gecos", "--ingroup", "--comment", "--firstuid",
    "--lastuid", "--add_extra_groups", "--conf",
})  # fmt: skip
_BUSYBOX_ADDUSER = frozenset({
    "-h", "--home", "-g", "--gecos", "-s", "--shell", "-G", "--ingroup", "-u", "--uid", "-k",
    "--skel",
})  # fmt: skip
_NO_HOME = "/nonexistent"


def useradd(call: Call) -> None:
    """shadow's: makes the folder where ``-m`` asks for it; Red Hat's does for people anyway."""
    given = options(call.words, _USERADD - {"-l", "--login"})
    name = _name(given)
    if not name:
        return
    base = given.last("-b", "--base-dir") or "/home"
    home = given.last("-d", "--home", "--home-dir") or f"{base}/{name}"
    system = given.has("-r", "--system")
    made = given.has("-m", "--create-home") or (
        call.machine.base.manager == "dnf"
        and not system
        and not given.has("-M", "--no-create-home")
    )
    _add(call, name, given.last("-u", "--uid"), home, made=made)


def adduser(call: Call) -> None:
    if call.machine.base.manager == "apk":
        _busybox_adduser(call)
    elif call.machine.base.manager == "dnf":
        useradd(call)
    else:
        _debian_adduser(call)


def _debian_adduser(call: Call) -> None:
    """Debian's: a system user has no home since version 12 unless one is named."""
    # Options of both kinds are taken: which adduser it is may not be known.
    given = options(call.words, _ADDUSER | (_BUSYBOX_ADDUSER - {"-g"}))
    name = _name(given)
    if not name or len(given.operands) > 1:  # two operands: into a group
        return
    home = given.last("--home", "-h")
    system = given.has("--system", "-S")
    made = not given.has("--no-create-home", "-H")
    if home is None and system:
        homeless = _has_homeless_system_users(call)
        home = None if homeless is None else _NO_HOME if homeless else f"/home/{name}"
        made = made and home != _NO_HOME
    elif home is None:
        home = f"/home/{name}"
    _add(call, name, given.last("--uid", "-u"), home, made=made)


def _has_homeless_system_users(call: Call) -> bool | None:
    base = call.machine.base
    major = base.version.partition(".")[0]
    if base.version == "sid":
        return True
    if not major.isdecimal() or base.distribution not in {"debian", "ubuntu"}:
        return None
    return int(major) >= (12 if base.distribution == "debian" else 23)


def _busybox_adduser(call: Call) -> None:
    given = options(call.words, _BUSYBOX_ADDUSER)
    name = _name(given)
    if not name or len(given.operands) > 1:
        return
    home = given.last("-h", "--home") or f"/home/{name}"
    made = not given.has("-H", "--no-create-home")
    _add(call, name, given.last("-u", "--uid"), home, made=made)


def usermod(call: Call) -> None:
    given = options(call.words, _USERADD)
    name = _name(given)
    homes = call.machine.homes
    if not name:
        return
    home = given.last("-d", "--home") or homes.get(name)
    if home is None:
        return
    for other in (name, given.last("-l", "--login"), given.last("-u", "--uid")):
        if other:
            homes[other] = home
    if given.has("-m", "--move-home"):
        make_folder(call, home, "usermod", of=name)


def groups(_call: Call) -> None:
    """Groups decide nothing that is asked here."""


def _name(given: Options) -> str:
    name = given.operands[-1] if given.operands else ""
    return "" if "$" in name or "`" in name else name


def _add(call: Call, name: str, number: str | None, home: str | None, *, made: bool) -> None:
    path = call.path(home) if home else None
    if path is None:
        call.machine.homes.pop(name, None)
        return
    for key in (name, number):
        if key and "$" not in key:
            call.machine.homes[key] = path
    if made:
        make_folder(call, path, call.executed.name, of=name)


TOOLS = {
    "useradd": useradd,
    "adduser": adduser,
    "usermod": usermod,
    **dict.fromkeys(("addgroup", "groupadd", "groupmod", "delgroup", "groupdel"), groups),
    **dict.fromkeys(("gpasswd", "passwd", "chpasswd", "deluser", "userdel", "chsh"), groups),
}
