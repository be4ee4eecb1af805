"""A small folder of articles, written by each test that needs one."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><title>t</title><rect width="40" height="20"/></svg>'

LATE = """---
title: My deposit has not arrived
summary: Where it can be, and what to do.
search_words: [missing deposit, where is my money]
order: 1
request_type: deposit_missing
related: [networks]
updated: 2026-11-20
picture_guide:
  - image: images/path.en.svg
    alt: The history
    text: Open **Assets → Deposit**.
---
Most late deposits are **not lost**. See [networks](article:networks#fees), [the form](form:deposit_missing) or [us](contact:).

![The way](images/path.en.svg "From left to right")

## Find it

1. Open the history and wait `{{hours}}` hours.
2. Compare the address:
   - at its beginning
   - at its end

| State | Meaning |
| --- | --- |
| `D-2001` | Wait \\| watch |

> [!WARNING]
> We never ask for a *seed phrase*.
>
> - nor a password

```
GET /deposits
```

## After that

Done.
"""
LATE_ZH = """---
title: 充值未到账
summary: 可能在哪里，该怎么办。
search_words: [没到账]
---
多数延迟的充值**并未丢失**。请看[网络](article:networks)。

## 查找

1. 打开记录。
"""
NETWORKS = """---
title: Networks
summary: Which network to choose.
order: 2
---
Each coin has its own.

## Fees

They differ.
"""


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    """Write files below a folder and return it."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def small(root: Path) -> Path:
    """Write two articles of one section, one of them in both languages."""
    return write(root, {
        "deposits/_section.en.md": "---\ntitle: Deposits\nsummary: Coins in.\norder: 4\nicon: arrow-down\n---\n",
        "deposits/_section.zh-hans.md": "---\ntitle: 充值\nsummary: 转入。\n---\n",
        "deposits/late.en.md": LATE,
        "deposits/late.zh-hans.md": LATE_ZH,
        "deposits/networks.en.md": NETWORKS,
        "deposits/images/path.en.svg": SVG,
        "placeholders.yaml": "hours: {en: hours to wait, zh: 等待小时数, example: '24'}\n",
    })  # fmt: skip


def png(path: Path, size: tuple[int, int] = (8, 8)) -> Path:
    """Write a picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, "teal").save(path)
    return path
