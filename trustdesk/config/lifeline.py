"""Children that never outlive the process that started them, even when that one is killed with -9.

The parent keeps the writing end of a pipe open and writes nothing; the child reads. When the parent ends, however
it ends, the read returns and the child stops itself as if asked to.
"""

import os
import signal
import threading


class Lifeline:
    """The parent's end; it lasts as long as the process that made it."""

    def __init__(self) -> None:
        self.read_end, self._write_end = os.pipe()  # Python keeps both from children unless passed on


def end_with_parent(descriptor: int | None) -> None:
    """Ask this process to stop when the parent at the other end of `descriptor` ends; None means there is none."""
    if descriptor is None:
        return

    def wait() -> None:
        os.read(descriptor, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()
