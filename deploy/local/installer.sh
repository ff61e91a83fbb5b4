#!/bin/sh
# Makes a bare Debian 12 able to run the demo, the tests and the bench, and does nothing when all is there.
# Debian packages (RabbitMQ, libmagic, libcurl, patch, Chromium, npm, Python's venv) need root or sudo, when absent; the rest goes to .venv.
set -eu
cd "$(dirname "$0")/../.."

venv=.venv
marque=$venv/.installe

dire() { printf '%s\n' "• $*" >&2; }
echouer() {
    printf '%s\n' "ERREUR : $1" "ERROR: $2" >&2
    exit 1
}

# A Python that is at least 3.11; the locked wheels are chosen for 3.11, so it comes first.
trouver_python() {
    for candidat in python3.11 python3; do
        if "$candidat" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s' "$candidat"
            return
        fi
    done
}

paquets_manquants() {
    [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || printf ' rabbitmq-server'
    set -- /usr/lib/*/libmagic.so.1
    [ -e "$1" ] || printf ' libmagic1'
    set -- /usr/lib/*/libcurl.so.4  # the wheel's mongod is linked to it
    [ -e "$1" ] || printf ' libcurl4'
    command -v patch >/dev/null || printf ' patch'  # seeded bugs of the fault campaigns
    command -v chromium >/dev/null || printf ' chromium'  # walks through the pages as a person does
    command -v npm >/dev/null || printf ' npm'  # the identity provider of the tests
    python=$(trouver_python)
    [ -n "$python" ] || printf ' python3'
    # Debian's python3 has venv's code but not the pip it installs.
    [ -n "$python" ] && "$python" -c 'import ensurepip, venv' 2>/dev/null || printf ' python3-venv'
}

en_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

apt() {
    en_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@" >>"$journal" 2>&1
}

# The package would start a system-wide RabbitMQ: we run our own node, and this one must not take the machine's ports.
interdire_les_services() {
    interdit=/usr/sbin/policy-rc.d
    [ ! -e "$interdit" ] || return 0
    trap 'en_root rm -f "$interdit"' EXIT
    trap 'exit 130' INT TERM HUP  # dash runs the EXIT trap only on an exit
    en_root sh -c "printf '#!/bin/sh\nexit 101\n' > $interdit && chmod 755 $interdit"
}

installer_paquets() {
    command -v apt-get >/dev/null || echouer \
        "il faut Debian 12 ou proche ; installez vous-même :$1" \
        "Debian 12 or a relative is needed; install these yourself:$1"
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null || echouer \
        "il faut être root, ou avoir sudo, pour installer :$1" \
        "root or sudo is needed to install:$1"
    interdire_les_services
    journal=$(mktemp)
    dire "paquets Debian :$1"
    # shellcheck disable=SC2086 # a list of words
    apt install --no-install-recommends $1 || {
        dire "liste des paquets Debian à rafraîchir"
        apt update && apt install --no-install-recommends $1
    } || {
        tail -n 20 "$journal" >&2
        echouer "apt-get n'a pas pu installer :$1" "apt-get could not install:$1"
    }
    rm -f "$journal"
}

installer_venv() {
    if ! "$venv/bin/python" -c '' 2>/dev/null; then
        dire "environnement Python ($("$python" --version)) dans $venv"
        "$python" -m venv --clear "$venv"
    fi
    dire "bibliothèques Python, aux versions et empreintes de requirements-dev.lock"
    set -- -qq --disable-pip-version-check --no-input
    "$venv/bin/pip" install "$@" --require-hashes -r requirements-dev.lock
    "$venv/bin/pip" install "$@" --no-deps --no-build-isolation -e .
    printf '%s\n' "$empreinte" >"$marque"
}

manque=$(paquets_manquants)
[ -z "$manque" ] || installer_paquets "$manque"

empreinte=$(cat requirements-dev.lock pyproject.toml | sha256sum)
if [ "$(cat "$marque" 2>/dev/null)" != "$empreinte" ] || ! "$venv/bin/python" -c '' 2>/dev/null; then
    python=$(trouver_python)
    [ -n "$python" ] || echouer "il faut Python 3.11 ou plus récent" "Python 3.11 or newer is needed"
    installer_venv
fi
