"""Words that users look for and the format lacks are refused with the words to write instead."""

from __future__ import annotations

from typing import Any

import pytest

from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario.reader import from_document, step_of

POOL = "set by the op `hugepages`, and before the start by `huge_pages`"


@pytest.mark.parametrize(("fields", "words"), [
    ({"op": "sysctl", "name": "nr_hugepages", "value": 8}, POOL),
    ({"op": "nr_hugepages", "value": 8}, POOL),
    ({"op": "sysctl", "name": "nr_overcommit_hugepages", "value": 8}, "op `overcommit_hugepages`"),
    ({"op": "nr_overcommit_hugepages", "pages": 8}, "op `overcommit_hugepages`"),
    ({"op": "poison", "frame": "any:free", "corrupt-filter-flags-mask": 1}, 'op = "debugfs", name = "corrupt-filter'),
    ({"op": "corrupt-filter-enable", "value": 1}, 'the op `debugfs` with name = "corrupt-filter-enable"'),
    ({"op": "sysctl", "name": "corrupt-filter-memcg", "value": 1}, "the op `debugfs` writes"),
    ({"op": "debugfs", "name": "corrupt-pfn", "value": 1}, "is the op `poison`"),
    ({"op": "madvise", "task": "a", "at": "m+0", "pages": 4, "advice": "hwpoison"}, "`frames` names the pages"),
    ({"op": "madvise", "task": "a", "at": "m+0", "advice": "soft_offline"}, "`frames` names the pages"),
    ({"op": "poison", "frame": "any:free", "pages": 4}, "frames = "),
])  # fmt: skip
def test_a_step_says_what_to_write_instead(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        step_of(fields, 1, "6.1")


def test_a_table_of_sysctls_does_so_too() -> None:
    with pytest.raises(ScenarioError, match=POOL):
        from_document({"format": 1, "title": "", "sysctl": {"nr_hugepages": 8}})
