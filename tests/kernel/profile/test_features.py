"""Every feature decides something: code asks for it, or a scenario's word needs it."""

from __future__ import annotations

import re
from functools import cache

import pytest

import hwpoison_gui
from hwpoison_gui.kernel.profile.features import FEATURES
from hwpoison_gui.session.scenario import schema
from tests.paths import ROOT

PACKAGE = ROOT / "hwpoison_gui"


@cache
def asked() -> set[str]:
    assert hwpoison_gui.__file__ == str(PACKAGE / "__init__.py")
    text = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    words = [word for op in schema.OPS.values() for key in op.keys.values() for word in key.features.values()]
    ops = [op.feature for op in schema.OPS.values()]
    needed = [*schema.ANY_KIND_FEATURES.values(), *schema.EXPECT_FEATURES.values()]
    return {*re.findall(r"\bhas\(\s*\"(\w+)\"", text), *words, *ops, *needed}


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_is_asked_for(name: str) -> None:
    assert name in asked()


def test_what_is_asked_for_is_declared() -> None:
    assert asked() - {""} <= FEATURES.keys()
