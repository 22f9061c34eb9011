"""Words of linux_9_9.py."""

from __future__ import annotations

from typing import Final

UPGRADE: Final = {"9.9": "- The caches are drained twice.\n"}
