"""The schema agrees with what carries it out."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel.profile.features import FEATURES
from hwpoison_gui.session import ops
from hwpoison_gui.session.scenario import expect, schema
from hwpoison_gui.session.scenario.schema import Kind, SameAs


def test_every_op_of_v7_can_be_carried_out() -> None:
    assert {name for name, op in schema.OPS.items() if not op.feature} <= set(ops.OPS) <= set(schema.OPS)


def test_defaults_are_allowed_values() -> None:
    for name, op in schema.OPS.items():
        for key, spec in op.keys.items():
            if isinstance(spec.default, SameAs):
                assert spec.default.key in op.keys
            elif spec.kind is Kind.CHOICE and isinstance(spec.default, str):
                assert spec.default in spec.allowed, (name, key)
            assert set(spec.features) < set(spec.allowed) or not spec.features
            assert set(spec.features.values()) <= set(FEATURES)


def test_what_needs_a_task_has_one() -> None:
    for name, op in schema.OPS.items():
        kinds = {spec.kind for spec in op.keys.values()}
        if kinds & {Kind.THREAD, Kind.ADDRESS, Kind.FD, Kind.NEW_FD, Kind.NEW_AREA}:
            assert "task" in op.keys, name


def test_expect_can_compare_every_key() -> None:
    assert set(expect._HOW) == set(schema.EXPECT)


def test_backgrounds_are_the_presets() -> None:
    presets = pytest.importorskip("hwpoison_gui.kernel.presets")
    assert {"none", *presets.PRESETS} == set(schema.BACKGROUNDS)
