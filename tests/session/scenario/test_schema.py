"""The schema agrees with what carries it out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hwpoison_gui.cli import main
from hwpoison_gui.kernel.profile.features import FEATURES
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session import ops
from hwpoison_gui.session.scenario import expect, schema
from hwpoison_gui.session.scenario.schema import Kind, SameAs
from tests.paths import ROOT


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


def test_the_documentation_names_every_op_with_its_keys_and_words() -> None:
    text = (ROOT / "docs" / "scenario-file.md").read_text()
    rows = dict[str, str]()
    for line in text.split("\n"):
        head, _, rest = line.removeprefix("| ").partition(" | ")
        rows.update((name, rest) for name in re.findall(r"`([a-z_]+)`", head) if line.startswith("| `"))
    for op, (keys, *_) in schema.OPS.items():
        words = set(re.findall(r"`([^`]+)`", rows[op]))
        assert set(keys) <= words, (op, set(keys) - words)
        allowed = {word for key in keys.values() for word in key.allowed if key.default is not schema.Missing.ABSENT}
        assert allowed <= words or op == "debugfs", (op, allowed - words)
    assert schema.EXPECT.keys() <= rows.keys()
    assert all(f"`{kind}`" in text for kind in schema.ANY_KINDS)
    assert all(f"`{state}`" in rows["pte"] for state in schema.PTE_STATES)
    assert all(f"`{word}`" in rows["signals"] for words in schema.SIGNAL_WORDS.values() for word in words)


def test_the_documentation_names_every_profile() -> None:
    text = (ROOT / "docs" / "scenario-file.md").read_text()
    comment = next(line for line in text.split("\n") if line.startswith("profile = ")).partition("#")[2]
    assert re.findall(r"v?\d[\d.]*", comment) == list(PROFILES)


def test_the_example_of_the_documentation_holds(tmp_path: Path) -> None:
    example = re.search(r"```toml\n(.*?)```", (ROOT / "docs" / "scenario-file.md").read_text(), re.DOTALL)
    assert example is not None
    (tmp_path / "example.toml").write_text(example[1])
    assert main(["check", str(tmp_path / "example.toml")]) == 0
