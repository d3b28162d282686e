"""What the programs of a system do to the machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.dockerfile.build.tools import (
    accounts,
    archives,
    contents,
    distribution,
    finding,
    folders,
    rights,
)
from pipeline.dockerfile.build.tools.call import Call
from pipeline.dockerfile.build.tools.contents import write_output

__all__ = ["HARMLESS", "TOOLS", "write_output"]

_QUIET = (
    "[ [[ : true false test set unset export cd pushd popd local readonly shift trap wait exit "
    "return umask ulimit type hash alias which whereis grep egrep fgrep rg ls dir id whoami "
    "groups who uname arch hostname date sleep env printenv pwd readlink realpath basename dirname "
    "stat file wc head tail sort uniq cut tr awk mawk gawk seq expr jq yq xxd od hexdump diff cmp "
    "comm md5sum sha1sum sha256sum sha512sum cksum shasum ldconfig ldd nproc free df du ps kill "
    "pkill killall sync getent update-ca-certificates update-ca-trust locale-gen update-locale "
    "localedef dpkg-reconfigure debconf-set-selections apt-key apt-cache apt-mark apt-config "
    "add-apt-repository apt-add-repository fc-cache fc-list tzselect getopts getopt gpgconf "
    "ssh-keyscan nslookup dig ping nc telnet sysctl setcap strip base64 less more column nl rev "
    "tac fold paste join yes shuf bc dc read mapfile let declare typeset shopt enable dpkg-query "
    "dpkg-architecture lsb_release dpkg-divert invoke-rc.d service systemctl a2enmod a2enconf "
    "a2dissite a2ensite dpkg-statoverride history logger"
)
HARMLESS = frozenset(_QUIET.split())
"""Programs that change nothing that is asked here; their output is another matter."""


def _nothing(_call: Call) -> None:
    return


def _alternatives(call: Call) -> None:
    """``update-alternatives --install LINK NAME PATH PRIORITY``."""
    words = call.words
    if "--install" in words[:-3]:
        at = words.index("--install")
        link, target = call.path(words[at + 1]), call.path(words[at + 3])
        if link and target:
            call.make(link, "update-alternatives", owner="root", link=target)


TOOLS: Mapping[str, Callable[[Call], None]] = {
    **dict.fromkeys(HARMLESS, _nothing),
    "update-alternatives": _alternatives,
    **distribution.TOOLS,
    **accounts.TOOLS,
    **folders.TOOLS,
    **rights.TOOLS,
    **contents.TOOLS,
    **finding.TOOLS,
    **archives.TOOLS,
}
