"""How long work on hostile input may take before a test says that it hangs.

Generous, and in processor time: what is caught grows with the square of the input, not by a factor, and the machine
may be slow or busy. Speed itself is measured by `make bench`.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

HANGS_AFTER_SECONDS = 5


@contextmanager
def no_hang() -> Iterator[None]:
    """The block ends in time."""
    started = time.process_time()
    yield
    assert time.process_time() - started < HANGS_AFTER_SECONDS
