"""Packages of apt, apk and dnf, and the programs they bring. ``{8..26}`` stands for versions."""

from __future__ import annotations

BRINGS: tuple[tuple[str, str], ...] = (
    # compilers and what builds with them
    ("build-essential", "gcc g++ cc c++ cpp make ld as ar strip dpkg-buildpackage patch"),
    ("build-base alpine-sdk", "gcc g++ cc c++ cpp make ld as ar strip patch"),
    ("gcc", "gcc cc cpp ld as ar strip"),
    ("g++", "gcc g++ cc c++ cpp ld as ar strip"),
    ("gcc-c++", "gcc g++ cc c++ cpp ld as ar strip"),
    ("gcc-{4..16}", "ld as ar strip"),
    ("g++-{4..16}", "ld as ar strip"),
    ("gfortran gcc-gfortran", "gcc cc gfortran ld as ar strip"),
    ("binutils", "ld as ar strip"),
    ("make", "make"),
    ("cmake", "cmake ctest"),
    ("ninja-build ninja samurai", "ninja"),
    ("meson", "meson"),
    ("autoconf", "autoconf autoreconf m4"),
    ("automake", "automake aclocal autoconf"),
    ("libtool libtool-bin", "libtoolize"),
    ("pkg-config pkgconf pkgconf-pkg-config pkgconfig", "pkg-config"),
    ("patch", "patch"),
    ("cargo", "cargo rustc"),
    ("rustc rust", "rustc"),
    ("golang golang-go go", "go gofmt"),
    # fetching and archives
    ("curl curl-minimal", "curl"),
    ("wget wget2-wget", "wget"),
    ("git git-core git-all", "git"),
    ("unzip", "unzip zipinfo"),
    ("zip", "zip"),
    ("xz-utils xz", "xz unxz xzcat"),
    ("bzip2", "bzip2 bunzip2 bzcat"),
    ("zstd", "zstd unzstd"),
    ("tar", "tar"),
    ("gzip", "gzip gunzip zcat"),
    ("p7zip-full", "7z"),
    ("rsync", "rsync"),
    ("openssh-client openssh-client-default openssh-clients", "ssh ssh-keygen scp sftp"),
    ("openssh", "ssh ssh-keygen scp sftp"),
    ("gnupg gpg", "gpg"),
    ("openssl", "openssl"),
    # languages
    ("python3 python3-full python3-minimal", "python3"),
    ("python{3.6..3.15}", "python{3.6..3.15}"),
    ("python-is-python3 python-unversioned-command", "python"),
    ("python3-pip", "pip3 pip python3"),
    ("py3-pip", "pip3 pip python3"),
    ("python3-venv python3-dev python3-virtualenv pipx", "python3"),
    ("py3-virtualenv python3-devel", "python3"),
    ("npm nodejs-npm", "npm npx node"),
    ("nodejs-current", "node"),
    ("nodejs nodejs-lts", "node"),
    ("yarn", "yarn yarnpkg"),
    ("yarnpkg", "yarnpkg"),
    ("pnpm", "pnpm"),
    ("uv", "uv uvx"),
    ("pipenv", "pipenv"),
    ("poetry python3-poetry", "poetry"),
    ("gunicorn py3-gunicorn", "gunicorn"),
    ("uvicorn", "uvicorn"),
    ("ruby ruby-full", "ruby gem irb"),
    ("perl", "perl"),
    ("default-jre default-jre-headless default-jdk default-jdk-headless", "java"),
    ("openjdk-{8..26}-jre openjdk-{8..26}-jre-headless openjdk{8..26}-jre", "java"),
    ("openjdk{8..26}-jre-headless openjdk{8..26}-jre-base", "java"),
    ("openjdk-{8..26}-jdk openjdk-{8..26}-jdk-headless openjdk{8..26} openjdk{8..26}-jdk",
     "java javac"),
    ("maven", "mvn java"),
    # shells and process managers
    ("bash", "bash"),
    ("zsh", "zsh"),
    ("fish", "fish"),
    ("dash", "dash"),
    ("tini", "tini"),
    ("tini-static", "tini-static"),
    ("dumb-init", "dumb-init"),
    ("gosu", "gosu"),
    ("su-exec", "su-exec"),
    ("sudo", "sudo"),
    ("supervisor", "supervisord supervisorctl"),
    ("runit", "runsv runsvdir"),
    ("s6", "s6-svscan"),
    ("cron", "cron crontab"),
    ("cronie", "crond crontab"),
    ("dcron", "crond crontab"),
    ("busybox busybox-static", "busybox"),
    ("procps procps-ng", "ps free top pgrep pkill uptime watch"),
    ("psmisc", "killall fuser pstree"),
    # servers and clients
    ("nginx nginx-full nginx-light nginx-extras nginx-core", "nginx"),
    ("apache2", "apache2ctl"),
    ("httpd", "httpd"),
    ("haproxy", "haproxy"),
    ("postgresql-client postgresql-client-{9..18} postgresql{9..18}-client", "psql pg_dump"),
    ("postgresql", "psql pg_dump"),
    ("postgresql-{9..18}", "psql pg_dump"),
    ("default-mysql-client mariadb-client mysql-client mysql", "mysql mysqldump"),
    ("redis", "redis-cli"),
    ("redis-tools", "redis-cli"),
    ("redis-server", "redis-server redis-cli"),
    ("sqlite3 sqlite", "sqlite3"),
    ("netcat-openbsd netcat netcat-traditional", "nc"),
    ("nmap-ncat", "nc ncat"),
    ("telnet", "telnet"),
    ("iputils-ping iputils", "ping"),
    ("iproute2 iproute", "ip ss"),
    ("net-tools", "netstat ifconfig"),
    ("dnsutils bind9-dnsutils bind-tools bind-utils", "dig nslookup"),
    ("lsof", "lsof"),
    ("jq", "jq"),
    ("yq", "yq"),
    ("gettext-base gettext", "envsubst gettext"),
    ("gettext-envsubst", "envsubst"),
    ("ffmpeg", "ffmpeg ffprobe"),
    ("imagemagick", "convert identify"),
    ("ghostscript", "gs"),
    ("graphviz", "dot"),
    ("poppler-utils", "pdftotext pdftoppm"),
    ("tesseract-ocr", "tesseract"),
    ("wkhtmltopdf", "wkhtmltopdf"),
    ("chromium", "chromium"),
    ("chromium-driver", "chromedriver"),
    ("chromium-chromedriver", "chromedriver"),
    ("locales", "locale-gen"),
    ("dos2unix", "dos2unix unix2dos"),
    ("vim vim-tiny", "vi"),
    ("nano", "nano"),
    ("less", "less"),
    ("file", "file"),
    ("tree", "tree"),
    ("htop", "htop"),
    ("strace", "strace"),
    ("gdb", "gdb"),
    ("libpq-dev", "pg_config"),
    ("postgresql-dev", "pg_config"),
    ("shadow", "useradd groupadd usermod"),
    ("coreutils", "env nohup timeout stdbuf"),
    ("findutils", "find xargs"),
    ("apt-utils", "apt-ftparchive"),
    ("adduser", "adduser addgroup"),
)  # fmt: skip

COVERED = (
    "gcc cc g++ c++ cpp ld as ar make cmake curl wget git unzip openssl node npm npx yarn pnpm uv "
    "poetry pipenv gunicorn uvicorn pip pip3 cargo rustc go java tini dumb-init gosu su-exec sudo "
    "supervisord supervisorctl nginx psql mysql redis-cli redis-server envsubst ffmpeg jq nc "
    "dos2unix sh bash dash zsh fish"
)
"""Programs of which it is known whether a familiar package brings them."""

_GCC = "cargo rustc rust go golang golang-go libtool libtool-bin npm gfortran alpine-sdk"
_MAKE = f"{_GCC} dpkg-dev"
DEPENDS: dict[str, str] = {
    "gcc": _GCC, "cc": _GCC, "g++": _GCC, "c++": _GCC, "cpp": _GCC, "ld": _GCC, "as": _GCC,
    "ar": _GCC, "make": _MAKE,
    "git": "alpine-sdk go", "bash": "alpine-sdk chromium maven ncurses-dev", "curl": "alpine-sdk",
    "openssl": "ca-certificates default-jdk default-jdk-headless default-jre default-jre-headless "
               "maven nginx nginx-core nginx-full nginx-light nginx-extras apache2 npm nodejs "
               "postgresql pipenv pipx poetry python3-poetry python3-full python3-pip python3-venv "
               "python3-virtualenv py3-virtualenv ruby ruby-full yarnpkg libssl-dev openssl-dev "
               "software-properties-common gunicorn uvicorn git-all postgresql-{9..18} "
               "openjdk-{8..26}-jdk openjdk-{8..26}-jre openjdk-{8..26}-jdk-headless "
               "openjdk-{8..26}-jre-headless",
    "jq": "yq", "node": "yarn yarnpkg pnpm",
    "npm": "nodejs nodejs-lts nodejs-current", "npx": "nodejs nodejs-lts nodejs-current",
    "envsubst": "libvips-dev dpkg-dev nginx", "psql": "postgresql-dev",
    "nc": "busybox busybox-static", "sh": "busybox busybox-static bash dash",
    "pip": "python3-full python3-virtualenv py3-virtualenv pipx",
    "pip3": "python3-full python3-virtualenv py3-virtualenv pipx",
}  # fmt: skip
"""Familiar packages that need one of these programs, or may: releases differ."""

_GCC_TOO = (
    "python3-pip ruby ruby-full cmake meson automake autoconf libgdal-dev libmagickwand-dev "
    "libvips-dev pipenv poetry python3-poetry python3-virtualenv pipx"
)
RECOMMENDS: dict[str, str] = {
    **dict.fromkeys(("gcc", "cc", "g++", "c++", "cpp", "ld", "as", "ar", "make"), _GCC_TOO),
    "openssl": "*",  # whatever recommends Python or curl recommends its certificates
    "curl": "gettext libvips-dev", "envsubst": "libvips-dev", "cargo": "rustc",
    "git": "npm cargo golang-go", "unzip": "zip ruby ruby-full maven poppler-utils libreoffice",
    "java": "libreoffice",
    "wget": "chromium",
}  # fmt: skip
"""Familiar packages that bring a program where apt installs what they recommend; ``*``: any may."""

NEVER = (
    "prisma tsc ts-node tsx nest next nuxt vite nodemon pm2 turbo lerna nx ng vue-cli-service "
    "react-scripts remix astro serve http-server concurrently cross-env dotenv drizzle-kit "
    "typeorm knex sequelize fastapi streamlit gradio chainlit mlflow dagster prefect airflow "
    "reflex litestar sanic granian robyn aerich pdm hatch rye fastmcp modal arq dramatiq taskiq "
    "opentelemetry-instrument ddtrace-run newrelic-admin wait-for-it wait-for-it.sh dockerize"
)
"""Programs of npm and PyPI that no distribution packages under that name."""

QUIET = (
    "ca-certificates tzdata netbase apt-transport-https lsb-release dirmngr gpg-agent locales "
    "fontconfig media-types mime-support shared-mime-info xdg-utils musl musl-dev libc6-compat "
    "gcompat linux-headers linux-libc-dev zlib zlib-dev zlib1g zlib1g-dev sqlite-libs sqlite-dev "
    "icu-libs icu-data-full icu-dev vips vips-dev pixman-dev cairo cairo-dev pango pango-dev "
    "jpeg-dev giflib giflib-dev freetype freetype-dev harfbuzz nss ttf-freefont font-noto jpeg "
    "krb5-libs krb5-dev krb5-user pcre pcre-dev pcre2 unixodbc unixodbc-dev freetds-dev "
    "openssl-dev freetds-bin xvfb at-spi2-core mariadb-connector-c mariadb-dev expat expat-dev "
    "readline-dev bzip2-dev xz-dev ncurses ncurses-dev gmp-dev mpfr-dev openblas openblas-dev "
    "lapack-dev "
    "libgraphviz-dev libmemcached-dev libprotobuf-dev libspatialite-dev libpython3-dev "
    "libxml2-dev libxslt-dev libxslt1-dev libffi-dev libssl-dev libpq-dev "
    "default-libmysqlclient-dev libmariadb-dev libmysqlclient-dev libmariadb-dev-compat "
    "libsqlite3-dev libjpeg-dev "
    "libjpeg62-turbo-dev libpng-dev libwebp-dev libtiff-dev libtiff5-dev libfreetype6-dev "
    "libfreetype-dev liblcms2-dev libopenjp2-7-dev libharfbuzz-dev libfribidi-dev libxcb1-dev "
    "libcurl4-openssl-dev libcurl4-gnutls-dev libbz2-dev liblzma-dev libreadline-dev libc6-dev "
    "libncurses-dev libncurses5-dev libncursesw5-dev libgdbm-dev libnss3-dev uuid-dev libc-dev "
    "libsasl2-dev libldap2-dev libldap-dev libkrb5-dev libxmlsec1-dev libmagic-dev libgmp-dev "
    "libmpfr-dev libmpc-dev libblas-dev liblapack-dev libopenblas-dev libatlas-base-dev "
    "libhdf5-dev libgeos-dev libproj-dev libgdal-dev libspatialindex-dev libsnappy-dev "
    "librdkafka-dev libleveldb-dev liblz4-dev libzstd-dev libsodium-dev libyaml-dev libexpat1-dev "
    "libicu-dev libcairo2-dev libpango1.0-dev libgdk-pixbuf2.0-dev libgdk-pixbuf-2.0-dev "
    "libglib2.0-dev libvips-dev libmagickwand-dev libgif-dev librsvg2-dev libsndfile1-dev "
    "portaudio19-dev libasound2-dev libavcodec-dev libavformat-dev libswscale-dev libavdevice-dev "
    "libavfilter-dev libavutil-dev libopencv-dev libgl1-mesa-dev libegl1-mesa-dev libsm-dev "
    "libxext-dev libxrender-dev libx11-dev libpoppler-cpp-dev libtesseract-dev libleptonica-dev "
    "libzmq3-dev libcap-dev libevent-dev libpcre3-dev libpcre2-dev libsystemd-dev libdbus-1-dev "
    "libusb-1.0-0-dev libbluetooth-dev libffi7 libonig-dev libzip-dev libjpeg-turbo-dev libpng "
    "libwebp tiff-dev lcms2-dev openjpeg-dev harfbuzz-dev fribidi-dev libimagequant-dev "
    "libxcb-dev tiff libxml2 libxslt libpq libffi libgcc libstdc++ libgomp libmagic curl-dev "
    "yaml-dev "
    "geos geos-dev gdal gdal-dev proj proj-dev openldap-dev cyrus-sasl-dev librdkafka libsodium "
    "snappy-dev hdf5-dev python3-dev python3-setuptools python3-wheel python3-distutils "
    "python3-venv python3-full python3-psycopg2 python3-yaml python3-numpy python3-gdal "
    "python3-minimal python3-lib2to3 python3-cffi python3-lxml python3-pil python3-apt "
    "python3-crypto debian-archive-keyring ubuntu-keyring util-linux acl attr inotify-tools socat "
    "expect whois libreoffice libreoffice-writer libreoffice-calc libreoffice-common "
    "libreoffice-core gdal-bin qpdf antiword unrtf catdoc mupdf-tools logrotate rsyslog tmux "
    "screen bc gawk "
    "sed grep mawk diffutils gnupg2 vim dbus hostname iptables ncdu pv traceroute tcpdump"
)
"""Packages that bring none of the programs above, unless ``DEPENDS`` or ``RECOMMENDS`` say so."""
