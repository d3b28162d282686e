"""Programs that come together: those of a distribution's smallest image, and bundles on top."""

from __future__ import annotations


def named(names: str) -> frozenset[str]:
    return frozenset(names.split())


_COMMON = named(
    "sh [ arch base64 basename cat chgrp chmod chown chroot cksum comm cp cut date dd df "
    "dirname du echo egrep env expand expr factor false fgrep fold grep groups head hostid id "
    "install kill link ln ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc od paste "
    "printenv printf pwd readlink realpath rm rmdir sed seq sha1sum sha256sum sha512sum shred "
    "shuf sleep sort split stat stty sum sync tac tail tee test timeout touch tr true truncate "
    "tsort tty uname unexpand uniq unlink wc who whoami yes"
)
_UTILITIES = named(
    "awk cmp diff find flock getopt gunzip gzip hostname mesg more mount mountpoint renice setsid "
    "su tar umount which xargs zcat"
)

DEBIAN = _COMMON | _UTILITIES | named(
    "bash dash apt apt-get apt-cache apt-config apt-mark dpkg dpkg-deb dpkg-query dpkg-reconfigure "
    "dpkg-divert update-alternatives useradd userdel usermod groupadd groupdel groupmod passwd "
    "chpasswd chage newgrp gpasswd perl run-parts start-stop-daemon ldconfig ldd getent locale "
    "localedef iconv tput clear reset lsblk setpriv unshare taskset ionice dmesg findmnt script "
    "runuser sulogin tzselect savelog ischroot chsh chfn nsenter pathchk pinky pr ptx stdbuf users "
    "csplit dircolors fmt join logname numfmt b2sum sha224sum sha384sum dir vdir mawk diff3 sdiff "
    "zgrep zless zmore zdiff"
)  # fmt: skip

BUSYBOX = _COMMON | _UTILITIES | named(
    "ash busybox adduser addgroup deluser delgroup passwd chpasswd vi wget nc netstat ping ping6 "
    "ps top free pgrep pkill killall pidof less crond crontab ip ifconfig route nslookup "
    "traceroute unzip bzip2 bunzip2 bzcat unxz xzcat cpio dos2unix unix2dos hexdump xxd strings "
    "watch lsof tree dc bc nsenter unshare ionice sysctl dmesg reset clear logger rev uptime"
)  # fmt: skip
ALPINE = BUSYBOX | named("apk scanelf ssl_client ldd ldconfig iconv getconf getent")

REDHAT = _COMMON | named("bash rpm curl ldconfig ldd getent iconv")

FETCH = named("curl wget gpg gpgconf gpg-agent openssl c_rehash update-ca-certificates dirmngr")
SOURCES = FETCH | named(
    "git hg svn ssh ssh-keygen ssh-keyscan scp sftp ssh-agent ssh-add ps top free pgrep pkill "
    "uptime vmstat w watch sysctl pidof python3 perl"
)
COMPILERS = named(
    "gcc g++ cc c++ cpp c89 c99 make ld as ar nm strip objdump objcopy ranlib readelf size strings"
)
BUILDPACK = SOURCES | COMPILERS | named(
    "autoconf automake autoreconf aclocal m4 libtoolize bzip2 bunzip2 bzcat dpkg-buildpackage "
    "dpkg-architecture file patch unzip zipinfo xz unxz xzcat lzma pkg-config pg_config convert "
    "identify mogrify montage xml2-config"
)  # fmt: skip
"""What the full variants of official images add to Debian; ``FETCH`` and ``SOURCES`` are parts."""

CERTIFICATES = named("openssl c_rehash update-ca-certificates")
"""What Debian's ``ca-certificates`` brings along."""

PYTHON = named("python python3 pip pip3 pydoc pydoc3 idle idle3 python-config python3-config")
NODE = named("node nodejs npm npx")
