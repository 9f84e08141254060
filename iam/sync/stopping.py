"""Whether this worker has been asked to end: Celery tells its main process, and the work is in processes below it."""

import mmap

# Memory that is shared with every process forked after this module was imported.
_asked = mmap.mmap(-1, 1)


def ask() -> None:
    """Have every process of this worker end its turn after what it is at."""
    _asked[0] = 1


def is_asked() -> bool:
    """Whether turns should end: what is left stays for other workers, or for the next start."""
    return _asked[0] == 1
