"""Run a program that cannot outlive its parent: `child.py [OPTIONS] SIGNAL ARGV`.

The kernel sends SIGNAL to the program when the process that started it is gone, however it went.
Runs by path, outside the package, so that it costs one bare interpreter start and no imports.
"""

import argparse
import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1


def become(user: str) -> None:
    """Drop root for `user`, with its groups and home."""
    entry = pwd.getpwnam(user)
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.environ.update(HOME=entry.pw_dir, USER=user, LOGNAME=user)


def die_with_parent(signum: int, parent: int) -> None:
    """Have the kernel send `signum` when the parent is gone. A later change of user undoes it."""
    libc = ctypes.CDLL(None, use_errno=True)
    prctl = getattr(libc, "prctl", None)  # Linux; elsewhere only a clean stop stops the children
    if prctl and prctl(PR_SET_PDEATHSIG, signum, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # it died before we asked
        sys.exit(1)


def main() -> None:
    """Replace this process by the program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--user")
    parser.add_argument("--cwd")
    parser.add_argument("--parent", type=int, default=os.getppid())
    parser.add_argument("signal")
    parser.add_argument("argv", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if options.cwd:
        os.chdir(options.cwd)
    if options.user:
        become(options.user)
    die_with_parent(signal.Signals[f"SIG{options.signal}"], options.parent)
    os.execvp(options.argv[0], options.argv)


if __name__ == "__main__":
    main()
