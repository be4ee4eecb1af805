"""Pictures of strangers, written anew so that what we show holds pixels and nothing else.

Decoding is where hostile files strike, so it happens in a process that is limited and killed (`imaging_worker`); this
one never parses a picture.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from trustdesk.conversations import imaging_worker
from trustdesk.policy.legibility import Look

SECONDS = 10.0  # of wall clock for one picture
_WORKER = Path(imaging_worker.__file__)
# So many at a time and no more: each may hold a processor for seconds and 256 MB.
_places = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture written anew; `file` is open, at its beginning. `look`: what was measured of it."""

    file: IO[bytes]
    look: Look


class UnableToDecode(Exception):
    """`broken`: not a picture of that kind · `too_complex`: asks for more than one picture may · `busy`: too many
    pictures at this moment; only then does trying again help."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def rewrite(source: IO[bytes], *, kind: str) -> Picture:
    """Decode the picture in `source` (a real file; kind png, jpeg, webp or gif) and encode it anew, upright and
    without metadata, in at most 10 seconds. Raises UnableToDecode."""
    target, told = _work(source, kind)
    width, height, sharpness, detail = (int(number) for number in told.split())
    return Picture(target, Look(width, height, sharpness / imaging_worker.UNIT, detail / imaging_worker.UNIT))


def paper(content: bytes, *, kind: str) -> bytes:
    """Return a picture of a document (kind png, jpeg or webp) as a JPEG of a size that can be read, without metadata.
    Raises UnableToDecode."""
    return _small(content, kind, imaging_worker.PAPER)


def marked(content: bytes, *, mark: str) -> bytes:
    """Return what `paper` made with `mark` burnt in all over it. Raises UnableToDecode.

    The letters of the font are Latin; others would be boxes.
    """
    return _small(content, "jpeg", imaging_worker.MARKED, mark)


def _small(content: bytes, *arguments: str) -> bytes:
    with tempfile.TemporaryFile() as source:
        source.write(content)
        source.flush()
        target, _told = _work(source, *arguments)
    with target:
        return target.read()


def _work(source: IO[bytes], *arguments: str) -> tuple[IO[bytes], bytes]:
    """Let the limited process do one picture; returns what it wrote, open at its beginning, and what it told."""
    if not _places.acquire(timeout=SECONDS):
        raise UnableToDecode("busy")
    target = tempfile.TemporaryFile()  # noqa: SIM115  handed on to the caller
    try:
        source.seek(0)
        finished = subprocess.run(
            # Isolated, and without our environment: it holds the keys of the product.
            [sys.executable, "-I", str(_WORKER), *arguments],
            stdin=source,
            stdout=target,
            stderr=subprocess.PIPE,
            env={"MALLOC_ARENA_MAX": "1"},
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        target.close()
        raise UnableToDecode("too_complex") from None
    except BaseException:
        target.close()
        raise
    finally:
        _places.release()
    if finished.returncode != 0:
        target.close()
        # Ended by a signal means it hit a limit, or the decoder crashed: keep such a file, somebody may want to know.
        raise UnableToDecode("broken" if finished.returncode == imaging_worker.BROKEN else "too_complex")
    target.seek(0)
    return target, finished.stderr
