# Debian packages, for the scripts beside this one (sourced).
# shellcheck shell=sh

say() { printf '%s\n' "$*" >&2; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Whether this is Debian or Ubuntu, and we may install without being asked for a password.
may_install() {
    command -v apt-get >/dev/null || return 1
    [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null
}

# Install quietly; on failure show what apt said. The lists are fetched only if they are too old.
install_packages() {
    say "Installing Debian packages: $*"
    if said=$(apt_get install "$@" 2>&1) ||
        said=$(apt_get update 2>&1 && apt_get install "$@" 2>&1); then
        return 0
    fi
    say "$said"
    say "apt-get could not install: $*"
    return 1
}

apt_get() {
    order=$1
    shift
    [ "$order" = update ] || set -- --no-install-recommends "$@"
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get --yes -o DPkg::Lock::Timeout=120 -o Acquire::Retries=2 "$order" "$@" </dev/null
}
