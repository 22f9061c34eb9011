"""The axis beside the map writes addresses as boot parameters do."""

from __future__ import annotations

import pytest

from hwpoison_gui.gui.map.axis import address_of


@pytest.mark.parametrize(
    ("address", "text"),
    [(0, "0"), (4 << 10, "4K"), (44 << 20, "44M"), (100 << 20, "100M"), (3 << 29, "1.5G"), (1 << 40, "1T")],
)
def test_an_address_has_one_letter_and_no_needless_zeros(address: int, text: str) -> None:
    assert address_of(address >> 12) == text
