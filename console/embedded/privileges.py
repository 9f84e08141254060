"""Postgres refuses to run as root: which user to become instead, and how to keep reaching the files from there."""

import ctypes
import os
import pwd
import re
import struct
from pathlib import Path

# From linux/prctl.h and linux/capability.h.
_PR_SET_PDEATHSIG, _PR_SET_SECUREBITS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
_SECBIT_NO_SETUID_FIXUP = 4
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)
_has_prctl = hasattr(_libc, "prctl")


def user_for(folder: Path) -> pwd.struct_passwd | None:
    """Return the user who runs the server of a folder: None for ourselves, who are not root.

    That is the folder's owner, or nobody where root owns it. The server needs a user with a name, so a number that
    the system does not know is no answer.
    """
    if os.geteuid() != 0:
        return None
    owner = folder.stat().st_uid
    try:
        return pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    except KeyError:
        return pwd.getpwnam("nobody")


def become(user: pwd.struct_passwd, *, reaching: tuple[Path, ...]) -> None:
    """Turn this process, a fresh fork of root's, into the user's.

    Where the user cannot walk to one of the paths (a home folder is closed, and a clone may well be in root's), the
    process keeps the one capability to search folders, through the programs that it executes too.
    """
    capability = _capability_to_search() if not all(_is_open(path, user) for path in reaching) else None
    if capability is not None:
        # Not just PR_SET_KEEPCAPS: access(2), with which initdb looks for its programs, would still ignore them.
        _libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    if capability is not None:
        mask = 1 << capability
        header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
        # Effective, permitted, inheritable: the low words first, then the high ones.
        _libc.capset(header, struct.pack("=6I", mask, mask, mask, 0, 0, 0))
        _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0)


def die_with_parent(parent: int, number: int) -> None:
    """Have the kernel send this process the signal once its parent is gone, however it went (Linux only)."""
    if not _has_prctl:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def _capability_to_search() -> int | None:
    """Return which capability of ours opens closed folders; containers often hold the stronger of the two only."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    permitted = int(match[1], 16) if (match := re.search(r"^CapPrm:\s*(\w+)", status, re.MULTILINE)) else 0
    for capability in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
        if permitted & (1 << capability):
            return capability
    return None


def _is_open(path: Path, user: pwd.struct_passwd) -> bool:
    """Whether the user may walk down to the path."""
    # The way as it is written, and the one behind symbolic links.
    for folder in {*path.absolute().parents, *path.resolve().parents}:
        status = folder.stat()
        owned = status.st_uid == user.pw_uid and status.st_mode & 0o100
        if not owned and not status.st_mode & 0o001:
            return False
    return True
