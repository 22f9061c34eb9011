"""Reading scenario files: what a good one becomes, and how every bad one is refused."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario.reader import from_document, load, loads
from hwpoison_gui.session.scenario.scenario import Memory, Scenario
from tests.paths import DATA
from tests.session.scenario.texts import FILE, HEAD, MMAP, NEW, TASK, refused, step

CASES = sorted((DATA / "cases").glob("*/*.toml"))


@pytest.mark.parametrize("path", CASES[::9], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_recorded_cases_load(path: Path) -> None:
    assert load(path).steps


def test_defaults_are_filled_in() -> None:
    scenario = loads(HEAD + TASK + MMAP + step("poison", 'frame = "a:m+0"'))
    assert scenario == Scenario(title="t", steps=scenario.steps)
    assert (scenario.profile, scenario.memory, scenario.sysctl) == ("v7", Memory(4096, "none", 0, 0), {})
    task, mmap, poison = scenario.steps
    assert task.args == {
        "name": "a", "comm": "a", "mce_kill": "default", "sigbus": "default", "sigsegv": "default", "threads": 1
    }  # fmt: skip
    assert mmap.args == {
        "task": "a", "name": "m", "pages": 2, "offset": 0, "shared": False, "prot": "rw", "locked": False,
        "populate": False, "huge": "none",
    }  # fmt: skip
    assert poison.args == {"frame": "a:m+0", "via": "corrupt-pfn", "thread": 0, "rip_valid": True}
    assert [one.number for one in scenario.steps] == [1, 2, 3]


def test_presenting_stops_at_poison_and_captions() -> None:
    text = HEAD + TASK + step("drop_caches", 'caption = "Look."') + step("poison", 'frame = "any:free"')
    assert [one.pause for one in loads(text).steps] == [False, True, True]
    assert not loads(HEAD + step("poison", 'frame = "any:free"\npause = false')).steps[0].pause


def test_a_file_without_steps_is_good() -> None:
    assert loads(HEAD).steps == ()


FORM = {
    "not TOML": ("format = ", "", None, "expected TOML 1.0"),
    "an endless integer": (f"format = {'1' * 5000}", "", None, "expected TOML 1.0"),
    "nested too deeply": ("a = " + "[" * 20000, "", None, "nested too deeply"),
    "no format": ('title = "t"', "format", None, "missing; expected 1"),
    "another format": ('format = 2\ntitle = "t"', "format", None, "expected 1, not 2"),
    "a format that is no integer": ('format = true\ntitle = "t"', "format", None, "expected 1, not true"),
    "no title": ("format = 1", "title", None, "missing"),
    "a title that is no string": ("format = 1\ntitle = 1", "title", None, "expected a string, not 1"),
    "an unknown key": (HEAD + "steps = []", "steps", None, "did you mean `step`?"),
    "an unknown profile": (HEAD + 'profile = "v8"', "profile", None, "expected `v7`, `6.1`, `6.12` or `7.2`"),
    "memory that is no table": (HEAD + "memory = 1", "memory", None, "expected a table"),
    "an unknown key of memory": (HEAD + "[memory]\nframe = 1", "memory.frame", None, "did you mean `frames`?"),
    "too few frames": (HEAD + "[memory]\nframes = 1", "memory.frames", None, "expected an integer from 256"),
    "true for a number": (HEAD + "[memory]\nseed = true", "memory.seed", None, "not true"),
    "an unknown background": (HEAD + '[memory]\nbackground = "x"', "memory.background", None, "expected `none`"),
    "more huge pages than memory": (HEAD + "[memory]\nhuge_pages = 9", "memory.huge_pages", None, "at most 8"),
    "an unknown sysctl": (HEAD + "[sysctl]\nswappiness = 1", "sysctl.swappiness", None, "unknown key"),
    "a sysctl's value": (
        HEAD + "[sysctl]\nmemory_failure_recovery = 2", "sysctl.memory_failure_recovery", None, "from 0 to 1"
    ),
    "steps that are no list": (HEAD + "[step]", "step", None, "expected a list"),
    "a step that is no table": (HEAD + "step = [1]", "", 1, "expected a table, not 1"),
    "no op": (HEAD + "[[step]]", "op", 1, "missing"),
    "an unknown op": (HEAD + step("mmapp"), "op", 1, 'not "mmapp"'),
    "a missing key": (HEAD + TASK + step("mmap", 'task = "a"\nname = "m"'), "pages", 2, "missing; expected an integer"),
    "an unknown key of an op": (HEAD + step("task", 'name = "a"\nfoo = 1'), "foo", 1, "unknown key; `task` takes"),
    "true for pages": (HEAD + FILE.replace("4", "true"), "pages", 1, "not true"),
    "a float for pages": (HEAD + FILE.replace("4", "4.0"), "pages", 1, "not 4.0"),
    "a negative number": (HEAD + FILE.replace("4", "-1"), "pages", 1, "not -1"),
    "1 for true": (HEAD + FILE + "hole = 1", "hole", 1, "expected true or false, not 1"),
    "a word that is not allowed": (HEAD + TASK + 'sigbus = "caught"', "sigbus", 1, "`default`, `handler`"),
    "a name with a colon": (HEAD + step("task", 'name = "a:b"'), "name", 1, "expected a name"),
    "an address without a page": (HEAD + TASK + MMAP + step("read", 'task = "a"\nat = "m"'), "at", 3, "AREA+PAGE"),
    "a page in no known form": (HEAD + step("pin", 'frame = "0x12"'), "frame", 1, "expected a page"),
    "a page of no known kind": (HEAD + step("pin", 'frame = "any:thing"'), "frame", 1, "`free`"),
    "madvise by nobody": (HEAD + step("poison", 'frame = "any:free"\nvia = "madvise"'), "task", 1, "needs it"),
    "a caption that is no string": (HEAD + TASK + "caption = 1", "caption", 1, "expected a string"),
    "a pause that is no flag": (HEAD + TASK + 'pause = "yes"', "pause", 1, "expected true or false"),
}  # fmt: skip

LATER = {
    "soft_offline": (step("soft_offline", 'frame = "any:free"'), "op"),
    "unpoison": (step("unpoison", 'frame = "any:free"'), "op"),
    "hard_offline": (step("poison", 'frame = "any:free"\nvia = "hard_offline"'), "via"),
    "srao": (step("poison", 'frame = "any:free"\nvia = "srao"'), "via"),
    "srar": (TASK + step("poison", 'frame = "any:free"\nvia = "srar"\ntask = "a"'), "via"),
    "thp": (TASK + MMAP + 'huge = "thp"', "huge"),
    "mergeable": (TASK + MMAP + step("madvise", 'task = "a"\nat = "m+0"\nadvice = "mergeable"'), "advice"),
    "huge-zero": (step("pin", 'frame = "any:huge-zero"'), "frame"),
    "the head of huge-zero": (step("pin", 'frame = "head:any:huge-zero"'), "frame"),
}


@pytest.mark.parametrize(("text", "key", "number", "message"), FORM.values(), ids=FORM)
def test_bad_form(text: str, key: str, number: int | None, message: str) -> None:
    error = refused(text)
    assert (error.file, error.key, error.step) == ("x.toml", key, number)
    assert message in error.message
    assert str(error).startswith("x.toml: " + (f"step {number}: " if number else "") + (f"{key}: " if key else ""))


@pytest.mark.parametrize(("text", "key"), LATER.values(), ids=LATER)
def test_profile_v7_refuses_what_only_later_kernels_have(text: str, key: str) -> None:
    error = refused(HEAD + text)
    assert error.key == key
    assert "only for profile 6.1" in error.message
    loads(NEW + text)


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(ScenarioError, match=r"^f\.toml: byte 9 is not UTF-8$"):
        loads(b"format = \xff", "f.toml")


def test_load_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(HEAD + step("exit", 'task = "z"'))
    with pytest.raises(ScenarioError) as raised:
        load(path)
    assert str(raised.value) == f'{path}: step 1: task: expected a task that was created, not "z"'


def answers(data: bytes) -> None:
    try:
        assert isinstance(loads(data), Scenario)
    except ScenarioError as error:
        assert str(error)


@given(st.binary())
def test_any_bytes_are_answered(data: bytes) -> None:
    answers(data)


@given(
    st.sampled_from(CASES), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 8), st.binary(max_size=8)), max_size=4)
)
def test_a_damaged_file_is_answered(path: Path, damage: list[tuple[float, int, bytes]]) -> None:
    data = path.read_bytes()
    for where, length, new in damage:
        at = int(where * len(data))
        data = data[:at] + new + data[at + length :]
    answers(data)


VALUES = st.one_of(
    st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just([]), st.just({}), st.just([{}]),
    st.sampled_from(["a:m+0", "m+0", "@bad", "any:free", "head:any:slab", "pfn:0x12", "/f@1", "default", "a"]),
)  # fmt: skip


@given(st.sampled_from(CASES), st.data())
def test_a_file_with_other_values_is_answered(path: Path, data: st.DataObject) -> None:
    document = tomllib.loads(path.read_text())
    for _ in range(data.draw(st.integers(1, 3))):
        where = (
            data.draw(st.sampled_from([document, *document["step"]]))
            if isinstance(document.get("step"), list)
            else document
        )
        if not isinstance(where, dict):
            continue
        if isinstance(where.get("expect"), dict) and where["expect"] and data.draw(st.booleans()):
            where = where["expect"]
        key = data.draw(st.sampled_from([*where, "extra"]))
        where[key] = data.draw(VALUES)
    try:
        assert isinstance(from_document(document), Scenario)
    except ScenarioError as error:
        assert str(error)


@pytest.mark.parametrize("op", ["poison", "soft_offline", "unpoison"])
def test_many_pages_of_a_step_are_frames(op: str) -> None:
    error = refused(HEAD.replace("[memory]", "") + TASK + MMAP + step(op, 'frame = "a:m+0"\npages = 4'))
    assert (error.key, error.step) == ("pages", 3)
    assert "frames" in error.message


@pytest.mark.parametrize(
    ("frames", "key", "says"),
    [
        ('"0x1000-0x1010"', "frames", "expected frames"),
        ("[]", "frames", "expected at least one frame"),
        ("-5", "frames", "expected frames"),
        ("true", "frames", "expected frames"),
        ('["0x10", 5.5]', "frames[2]", "expected frames"),
        ('"0x10+0"', "frames", "expected frames"),
        ('"0x10+8/0"', "frames", "expected frames"),
        ('"0xff0+0x20"', "frames", "leaves the memory: the last frame is 0xfff"),
        ('["0x10+0x10", "0x1c"]', "frames[2]", "overlaps '0x10+0x10': both name frame 0x1c"),
        ('["0x10+0x10/4", "0x12+0x10/4", "0x14"]', "frames[3]", "both name frame 0x14"),
        ('["0x10", "pfn:0x10"]', "frames[2]", "both name frame 0x10"),
        ('["0x10", "b:m+0"]', "frames[2]", "expected a task"),
        ('["0x10", "any:nothing"]', "frames[2]", "expected `free`"),
    ],
)
def test_frames_that_a_step_cannot_take(frames: str, key: str, says: str) -> None:
    error = refused(HEAD.replace("[memory]", "") + TASK + step("poison", f"frames = {frames}"))
    assert (error.key, error.step) == (key, 2) and says in error.message, error


def test_a_step_has_one_frame_or_many() -> None:
    both = refused(HEAD.replace("[memory]", "") + step("poison", 'frame = "pfn:0x10"\nframes = "0x20+4"'))
    assert (both.key, both.step) == ("frames", 1) and "not both" in both.message
    none = refused(HEAD.replace("[memory]", "") + step("poison", ""))
    assert (none.key, none.step) == ("frame", 1)
