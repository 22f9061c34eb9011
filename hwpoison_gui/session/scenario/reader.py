"""Reads scenario files.

A file is read completely or rejected: a ScenarioError names the file, the step, the key and what was expected.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Final

from hwpoison_gui.kernel.profile.registry import PROFILES, oldest, sysctls
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario import names, schema, shape
from hwpoison_gui.session.scenario.available import check_available, check_expected, check_frame, check_sysctl
from hwpoison_gui.session.scenario.scenario import FORMAT, Memory, Scenario, ScenarioStep
from hwpoison_gui.session.scenario.schema import MEMORY, OPS
from hwpoison_gui.session.telling import pauses

# Files that are opened by mistake, by their first bytes.
_TAKEN_FOR_SCENARIOS: Final = (
    (b"PK\x03\x04", "the recorded memory of a machine"),
    (b"{", "JSON, as it lies beside a recorded memory"),
)


def load(path: str | PathLike[str], elsewhere: bool = False) -> Scenario:
    """Read a scenario file. Raises OSError, or ScenarioError if its content is not a valid scenario.

    `elsewhere`: its steps are to run on another machine, which has names that are not known here.
    """
    if Path(path).is_dir():
        raise ScenarioError("is a folder, not a scenario", file=fspath(path))
    return loads(Path(path).read_bytes(), fspath(path), elsewhere)


def loads(data: bytes | str, file: str = "", elsewhere: bool = False) -> Scenario:
    """Parse the content of a scenario file; `file` is used in error messages only."""
    for start, what in _TAKEN_FOR_SCENARIOS:
        if isinstance(data, bytes) and data.startswith(start):
            raise ScenarioError(f"is {what}, not a scenario", file=file)
    try:
        document = tomllib.loads(data if isinstance(data, str) else data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ScenarioError(f"byte {error.start} is not UTF-8", file=file) from None
    except RecursionError:
        raise ScenarioError("expected TOML; this is nested too deeply", file=file) from None
    except ValueError as error:  # TOMLDecodeError, and integers too long for Python
        raise ScenarioError(f"expected TOML 1.0; {error}", file=file) from None
    try:
        return from_document(document, elsewhere)
    except ScenarioError as error:
        raise error.at(file=file) from None


def from_document(document: Mapping[str, Any], elsewhere: bool = False) -> Scenario:
    """Build a scenario from a parsed TOML document."""
    for key in document:
        shape.known(key, schema.SCENARIO_KEYS, "a scenario")
    for key in ("format", "title"):
        if key not in document:
            raise ScenarioError(f"missing; expected {FORMAT if key == 'format' else 'a string'}", key=key)
    number = document["format"]
    if number != FORMAT or not isinstance(number, int) or isinstance(number, bool):
        raise ScenarioError(f"expected {FORMAT}, not {shape.shown(number)}", key="format")
    profile = shape.choice(document.get("profile", oldest().name), "profile", tuple(PROFILES))
    steps = document.get("step", [])
    scenario = Scenario(
        title=shape.text(document["title"], "title"),
        summary=shape.text(document.get("summary", ""), "summary"),
        profile=profile,
        memory=_memory(document.get("memory", {})),
        sysctl=sysctls_of(document.get("sysctl", {}), PROFILES[profile]),
        steps=tuple(
            _step(entry, number, profile) for number, (_, entry) in enumerate(shape.entries(steps, "step"), start=1)
        ),
    )
    names.check(scenario, elsewhere)
    return scenario


def _memory(given: object) -> Memory:
    fields = shape.table(given, "memory")
    try:
        for key in fields:
            shape.known(key, MEMORY, "`[memory]`")
        memory = Memory(**shape.values_of(MEMORY, fields))
    except ScenarioError as error:
        raise ScenarioError(error.message, key=f"memory.{error.key}") from None
    if memory.background != "none" and memory.frames > schema.MOST_DESKTOP_FRAMES:
        raise ScenarioError(
            f"expected at most {schema.MOST_DESKTOP_FRAMES} with a background, not {memory.frames}", key="memory.frames"
        )
    if memory.huge_pages * schema.HUGE_PAGE > memory.frames:
        most = memory.frames // schema.HUGE_PAGE
        raise ScenarioError(
            f"expected at most {most} for {memory.frames} frames, not {memory.huge_pages}", key="memory.huge_pages"
        )
    return memory


def sysctls_of(given: object, profile: Profile) -> dict[str, int]:
    """The table `[sysctl]`, in the order of the profile. Raises ScenarioError for a sysctl that the profile lacks."""
    values = shape.table(given, "sysctl")
    for name in values:
        try:
            if ("name", name) in schema.NO_WORDS:
                raise ScenarioError(schema.NO_WORDS["name", name], key=name)
            shape.known(name, sysctls(), "`[sysctl]`")
            check_sysctl(profile, name, name)
        except ScenarioError as error:
            raise ScenarioError(error.message, key=f"sysctl.{name}") from None
    return {
        name: shape.count(values[name], f"sysctl.{name}", most=OPS["sysctl"].keys["value"].most)
        for name in profile.sysctl
        if name in values
    }


def _step(given: object, number: int, profile: str) -> ScenarioStep:
    try:
        return step_of(shape.table(given, ""), number, profile)
    except ScenarioError as error:
        raise error.at(step=number) from None


def step_of(fields: Mapping[str, Any], number: int, profile: str) -> ScenarioStep:
    """Build step `number` from its table: check types and words, fill in defaults.

    Raises ScenarioError, also for what the profile of that name does not have.
    """
    if "op" not in fields:
        raise ScenarioError("missing; expected the name of an op", key="op")
    name = shape.choice(fields["op"], "op", tuple(OPS))
    op = OPS[name]
    given = {key: value for key, value in fields.items() if key != "op" and key not in schema.STEP_KEYS}
    for key in given:
        if (name, key) in schema.NO_KEYS:
            raise ScenarioError(f"unknown key; {schema.NO_KEYS[name, key]}", key=key)
        for beginning, why in schema.NO_KEYS_LIKE.items():
            if key.startswith(beginning):
                raise ScenarioError(f"unknown key; {why}", key=key)
        shape.known(key, (*op.keys, *schema.STEP_KEYS), f"`{name}`")
    args = shape.values_of(op.keys, given)
    for key, word, needed in op.needs:
        if args[key] == word and needed not in args:
            raise ScenarioError(f"missing; `{name}` with {key} = {shape.shown(word)} needs it", key=needed)
    check_available(PROFILES[profile], name, args)
    caption = shape.text(fields.get("caption", ""), "caption")
    notes = shape.text(fields.get("notes", ""), "notes")
    expect = shape.expectation(fields.get("expect", {}))
    _answerable(name, args, expect, PROFILES[profile])
    pause = shape.flag(fields.get("pause", pauses(name, caption)), "pause")
    return ScenarioStep(name, args, caption, notes, pause, expect, number)


def _answerable(name: str, args: Mapping[str, Any], expect: Mapping[str, Any], profile: Profile) -> None:
    """Raise ScenarioError if `expect` asks for something that the op or the profile cannot have."""
    for key in expect:
        check_expected(profile, key)
        ops = schema.EXPECT_ONLY.get(key)
        if ops is not None and name not in ops:
            raise ScenarioError(f"only for {shape.words(ops)}, not for `{name}`", key=f"expect.{key}")
        if key in schema.EXPECT_OF_FRAME and "frame" not in args:
            raise ScenarioError("only for a step with a `frame`", key=f"expect.{key}")
        if key == "mce_kill" and "task" not in args:
            raise ScenarioError("only for a step with a `task`", key=f"expect.{key}")
        if key == "dirty" and not profile.has("result_says_dirty"):
            names = [other.name for other in PROFILES.values() if other.has("result_says_dirty")]
            raise ScenarioError(f"only for profile {' and '.join(names)}; `kind` says it here", key=f"expect.{key}")
        if key == "never_handed_out":
            for text in expect[key]:
                check_frame(profile, text, f"expect.{key}")


def under(scenario: Scenario, profile: str) -> Scenario:
    """Return the same story under another profile. Raises ScenarioError for a step or sysctl that it does not know."""
    steps = []
    for step in scenario.steps:
        fields = {"op": step.op, **step.args, "caption": step.caption, "notes": step.notes, "pause": step.pause}
        try:
            steps.append(step_of(fields, step.number, profile))
        except ScenarioError as error:
            raise error.at(step=step.number) from None
    sysctl = sysctls_of(dict(scenario.sysctl), PROFILES[profile])
    return scenario._replace(profile=profile, sysctl=sysctl, steps=tuple(steps))
