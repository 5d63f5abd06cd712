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
