"""The process that decodes pictures: limited, killed when it hangs, and without anything worth stealing."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conversations import pictures
from trustdesk.conversations import imaging, imaging_worker
from trustdesk.conversations.imaging import UnableToDecode

# What a tricked decoder might do, run in place of ours under the same limits.
_TRICKED = """
import os, sys
sys.path.insert(0, {folder!r})
import imaging_worker
imaging_worker.CPU_SECONDS = {cpu}
imaging_worker.limit()
{body}
"""

_MEASURED = """
import resource, sys, tempfile
from trustdesk.conversations import imaging
with imaging.rewrite(sys.stdin.buffer, kind="png").file as file:
    print(file.read(4).hex(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.fixture
def tricked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """`tricked(body, cpu=5, seconds=10)` puts `body` in the place of the decoder."""

    def replace(body: str, *, cpu: int = 5, seconds: float = 10) -> None:
        script = tmp_path / "tricked.py"
        folder = str(Path(imaging_worker.__file__).parent)
        script.write_text(_TRICKED.format(folder=folder, cpu=cpu, body=body))
        monkeypatch.setattr(imaging, "_WORKER", script)
        monkeypatch.setattr(imaging, "SECONDS", seconds)

    return replace


def rewrite(data: bytes = b"whatever") -> imaging.Picture:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        return imaging.rewrite(file, kind="png")


def test_a_decoder_that_hangs_is_killed(tricked: Callable[..., None]) -> None:
    tricked("import time; time.sleep(60)", seconds=0.5)
    begun = time.monotonic()
    with pytest.raises(UnableToDecode, match="too_complex"):
        rewrite()
    assert time.monotonic() - begun < 5


def test_a_decoder_that_spins_runs_out_of_processor_time(tricked: Callable[..., None]) -> None:
    tricked("while True: pass", cpu=1)
    with pytest.raises(UnableToDecode, match="too_complex"):
        rewrite()


@pytest.mark.parametrize(
    "body",
    [
        "bytearray(300 * 1024 * 1024)",
        "sys.stdout.buffer.write(bytes(65 * 1024 * 1024))",
        "os.kill(os.getpid(), 11)",
        "[open('/dev/null') for _ in range(40)]",
    ],
    ids=["memory", "output", "crash", "files"],
)
def test_a_decoder_that_asks_for_too_much_or_crashes_ends_alone(tricked: Callable[..., None], body: str) -> None:
    tricked(f"kept = {body}\nos.write(2, b'1 1 0 0')\nos._exit(0)")
    with pytest.raises(UnableToDecode, match="too_complex"):
        rewrite()


def test_the_decoder_does_not_get_our_secrets(tricked: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "do-not-tell")
    tricked("sys.stdout.write(repr(dict(os.environ)))\nsys.stdout.flush()\nos.write(2, b'1 1 0 0')\nos._exit(0)")
    with rewrite().file as told:
        seen = told.read()
    assert b"MALLOC_ARENA_MAX" in seen, "the test must see the environment"
    assert b"do-not-tell" not in seen


def test_memory_stays_below_256_mb_for_the_largest_picture_taken() -> None:
    """In a process of its own: what other tests started would count here, too."""
    with tempfile.TemporaryFile() as file:
        file.write(pictures.png_bomb(6_300, colour=True))  # 39.7 megapixels
        file.seek(0)
        told = subprocess.run([sys.executable, "-c", _MEASURED], stdin=file, stdout=subprocess.PIPE, check=True).stdout
    signature, kilobytes = told.split()
    assert signature == b"89504e47"
    assert 100 * 1024 < int(kilobytes) < 256 * 1024, "the picture alone takes 119 MB"


def test_when_too_many_come_at_once_the_next_is_asked_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        assert imaging._places.acquire(timeout=1)
    try:
        monkeypatch.setattr(imaging, "SECONDS", 0.1)
        with pytest.raises(UnableToDecode, match="busy"):
            imaging.rewrite(io.BytesIO(), kind="png")
        monkeypatch.undo()
    finally:
        for _ in range(2):
            imaging._places.release()
    with rewrite(pictures.png()).file as file:
        assert file.read()
