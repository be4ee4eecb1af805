"""The measuring command, on rows made here; and, where the corpora are at hand, its bars on real ones."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"


def measured(*arguments: str | Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, ROOT / "bench" / "quality.py", *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    (line,) = done.stdout.splitlines()
    metrics: dict[str, Any] = json.loads(line)
    return metrics


def test_shares_are_counted_per_kind(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "text": f"it is {PHRASE}", "secrets": [PHRASE], "kind": "bip39-english"},
        {"id": "b", "text": f"{PHRASE} and hunter2", "secrets": [PHRASE, "hunter2"], "kind": "bip39-english"},
        {"id": "c", "text": "tx " + "ab" * 32, "kind": "txhash"},
        {"id": "d", "text": "key: " + "ab" * 32, "kind": "txhash"},
        {"id": "e", "text": "order 1", "kind": "order-id"},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    metrics = measured("mask", path, "--show")
    assert (metrics["task"], metrics["rows"], metrics["secrets"], metrics["look_alikes"]) == ("mask", 5, 2, 3)
    assert metrics["kinds"]["bip39-english"] == {"rows": 2, "masked": 0.5, "as": {"seed_phrase": 2}}
    assert metrics["kinds"]["txhash"] == {"rows": 2, "changed": 0.5, "as": {"private_key": 1}}
    assert metrics["bars"]["bip39"] == {"got": 0.5, "bar": 0.98, "met": False}
    assert metrics["bars"]["wif"] == {"got": None, "bar": 0.98, "met": None}
    assert metrics["wrong"] == ["b", "d"]
    assert metrics["us_p50"] > 0


@pytest.mark.parametrize("content", ["", "not json\n"])
def test_files_that_cannot_be_measured_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(subprocess.CalledProcessError) as failed:
        measured("mask", path)
    assert failed.value.returncode == 2


@pytest.mark.skipif(
    "TRUSTDESK_CORPORA" not in os.environ,
    reason="TRUSTDESK_CORPORA names no folder with secrets_pos.jsonl, secrets_neg.jsonl",
)
def test_bars_on_the_corpora() -> None:
    folder = Path(os.environ["TRUSTDESK_CORPORA"])
    metrics = measured("mask", folder / "secrets_pos.jsonl", folder / "secrets_neg.jsonl")
    assert all(bar["met"] for bar in metrics["bars"].values()), metrics["bars"]
