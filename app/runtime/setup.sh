# Sourced by `run` and `test` with $here set: find a Python, then make .venv current.
# shellcheck shell=sh

onebooking_python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    echo "OneBooking needs Python 3.11 or newer. Found: $(python3 --version 2>&1)." >&2
    echo "On Debian or Ubuntu: sudo apt-get install python3 python3-venv" >&2
    return 1
}

onebooking_setup() {
    python=$(onebooking_python) || exit 1
    "$python" -I -S "$here/app/runtime/bootstrap.py" "$here" "$@" || exit 1
}

onebooking_chromium() {
    [ -z "${CHROMIUM:-}" ] || return 0
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        if command -v "$name" >/dev/null 2>&1; then return; fi
    done
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "Installing Chromium for the browser tests …"
        export DEBIAN_FRONTEND=noninteractive
        set -- apt-get -qq -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0
        "$@" update
        if "$@" install -y --no-install-recommends chromium fonts-dejavu-core >/dev/null; then return; fi
    fi
    echo "The browser tests need Chromium. Run: sudo apt-get install chromium (or set CHROMIUM)." >&2
}
