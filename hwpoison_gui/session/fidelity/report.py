"""The fidelity page: what was compared with a real kernel, and the result.

Written by `hwpoison-gui fidelity` from the code and the recordings, never by hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from hwpoison_gui.image import MemoryImage
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.session.fidelity.agreement import Compared, compare, kind_of, line_of
from hwpoison_gui.session.fidelity.differences import pairs
from hwpoison_gui.session.fidelity.function_graph import follow, parse, root_of
from hwpoison_gui.session.fidelity.kernel_functions import FOLDED, LEFT_OUT, all_known, by_profile, modelled
from hwpoison_gui.session.fidelity.markdown import table
from hwpoison_gui.session.fidelity.recorded_paths import INJECTIONS, case_of, functions_of_steps
from hwpoison_gui.session.fidelity.recorded_rows import read_rows
from hwpoison_gui.session.scenario.check import Checked, check_file
from hwpoison_gui.session.scenario.replay import Story, story
from hwpoison_gui.session.scenario.scenario import Scenario

_ROWS: Final = Path("server/server_poison.ek1.jsonl")

_HEAD: Final = """\
# Fidelity

Written by `hwpoison-gui fidelity`. A test fails when it is out of date.

How far the model does what Linux does; [kernels.md](kernels.md) lists how the kernels differ. What a real kernel did
was recorded from unmodified kernels in a virtual machine (`tests/data/README.md`):
{releases}.
The 2009 handler could not be run; its cases come from its source.
"""

_CASES: Final = """\
Each file says what was done and everything that was seen; it holds if all of it comes out the same, log lines word
for word. `hwpoison-gui check tests/data` replays them."""

# In the folder of a kernel that was recorded in the same cases as the kernel before it, and has only those in which it
# did something else. Its lines begin the names of cases that the two do not share either.
_ONLY_DIFFERING: Final = "only-differing.txt"

_ALIKE: Final = """\
{newer} was recorded in the same cases as {older}. `cases/{newer}` has {own} files of its own: {differ} in which it did
something else, and {traced} that belong to traces. In the others it did the same, word for word, so {alike} files of
{older} are replayed under profile {newer} (`tests/session/scenario/test_recorded_cases.py`) and not counted again."""

_SERVER: Final = """\
The memory of a small server that runs Linux 6.1 was recorded and {rows} sampled frames of it poisoned, one after the
other. The model, booted from that recording under profile 6.1, agrees in a row when kind, result, errno, the tasks
signalled in their order and all page-table entries afterwards are the same. *Exported*: with what Linux exports alone;
*hidden*: with dirty bits of page-table entries and reference counts besides. `hwpoison-gui agree` does this for any
recording of the sort.

This is the only whole machine that was recorded and poisoned. The other kernels are held to single cases, so what
the panel *Kernels* and `kernels --between` say of a whole machine under them rests on those cases."""

_TRACES: Final = """\
Recordings of the functions that the real handler entered. The functions that steps name must come in this order, and
a step that names one which the kernel did not enter fails (`tests/kernel/test_traces.py`). A function whose body is
told in several steps may be named again while it is under way."""


def page(data: Path, exported: MemoryImage, hidden: MemoryImage) -> str:
    """The whole page. `data` holds cases, traces and rows; `exported` and `hidden` are the server without and with its
    hidden state.
    """
    sections = (
        ("Recorded cases", _cases(data)),
        ("A whole real machine", _server(data / _ROWS, exported, hidden)),
        ("The path itself", _traces(data)),
        ("Kernel functions", _functions()),
    )
    lines = [_HEAD.format(releases=", ".join(kernel.release for kernel in PROFILES.values() if kernel.release))]
    for title, body in sections:
        lines += [f"## {title}", "", *body, ""]
    return "\n".join(lines).rstrip() + "\n"


def _cases(data: Path) -> Iterator[str]:
    files, scenarios = sorted(data.glob("*/**/*.toml")), dict[Path, Scenario]()

    def story_of(path: Path) -> Story:
        opened = story(path)
        scenarios[path] = opened.scenario
        return opened

    holds = {path: check_file(path, story_of).result is Checked.HOLDS for path in files}
    yield _CASES
    yield ""
    folders = sorted({path.parent for path in files})
    rows = [(f"`{folder.relative_to(data)}`", *_held(files, holds, folder)) for folder in folders]
    yield from table(("folder", "files", "hold"), rows)
    yield ""
    yield from _alike_words(data)
    yield "The files of `cases` by what the first injection was found to be:"
    yield ""
    cases = {path: scenario for path, scenario in scenarios.items() if path.is_relative_to(data / "cases")}
    yield from table(("kind", *(f"{name}: hold" for name in PROFILES)), _by_kind(cases, holds))


def alike(data: Path) -> Iterator[tuple[Profile, Path]]:
    """Each kernel with cases that only differ, with each file of the kernel before it in which it did the same."""
    for older, newer in pairs():
        if (not_shared := _not_shared(data, newer)) is not None:
            own = {path.name for path in _cases_of(data, newer)}
            for path in _cases_of(data, older):
                if path.name not in own and not path.name.startswith(not_shared):
                    yield newer, path


def _not_shared(data: Path, kernel: Profile) -> tuple[str, ...] | None:
    """Return how names of cases begin that a kernel does not share; None if its folder has all of its cases."""
    path = data / "cases" / kernel.name / _ONLY_DIFFERING
    lines = path.read_text("utf-8").split("\n") if path.exists() else None
    return None if lines is None else tuple(line for line in lines if line and not line.startswith("#"))


def _cases_of(data: Path, kernel: Profile) -> list[Path]:
    return sorted((data / "cases" / kernel.name).glob("*.toml"))


def _alike_words(data: Path) -> Iterator[str]:
    shared = Counter(kernel.name for kernel, _ in alike(data))
    for older, newer in pairs():
        if _not_shared(data, newer) is not None:
            own = [path.name for path in _cases_of(data, newer)]
            traced = sum(name.startswith("trc_") for name in own)
            yield _ALIKE.format(
                older=older.name, newer=newer.name, own=len(own), differ=len(own) - traced, traced=traced,
                alike=shared[newer.name],
            )  # fmt: skip
            yield ""


def _held(files: Iterable[Path], holds: dict[Path, bool], folder: Path) -> tuple[int, int]:
    within = [path for path in files if path.parent == folder]
    return len(within), sum(holds[path] for path in within)


def _by_kind(cases: dict[Path, Scenario], holds: dict[Path, bool]) -> Iterator[tuple[str, ...]]:
    there, held = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for path, scenario in cases.items():
        key = next((_kind(step.op, step.expect) for step in scenario.steps if step.op in INJECTIONS), "(no injection)")
        there[scenario.profile, key] += 1
        held[scenario.profile, key] += holds[path]
    for kind in sorted({kind for _, kind in there}):
        counts = ((held[name, kind], there[name, kind]) for name in PROFILES)
        yield kind, *(f"{some} of {all_}" if all_ else "" for some, all_ in counts)


def _kind(op: str, expect: object) -> str:
    """The expected kind of the result line, or a word in parentheses if none is expected."""
    wanted = expect if isinstance(expect, dict) else {}
    if wanted.get("panic"):
        return "(panic)"
    return str(wanted.get("kind") or ("(soft offline)" if op == "soft_offline" else "(no result line)"))


def _server(path: Path, exported: MemoryImage, hidden: MemoryImage) -> Iterator[str]:
    rows = read_rows(path)
    without, beside = list(compare(exported, rows)), list(compare(hidden, rows))
    yield _SERVER.format(rows=len(rows))
    yield ""
    kinds = sorted({kind_of(row) for row in rows})
    groups = [(kind, [at for at, row in enumerate(rows) if kind_of(row) == kind]) for kind in kinds]
    groups.append(("**all**", list(range(len(rows)))))
    groups.append(("flags changed since the recording", [at for at, row in enumerate(rows) if row.changed]))
    body = ((name, len(at), _share(without, at), _share(beside, at)) for name, at in groups if at)
    yield from table(("kind", "rows", "exported", "hidden"), body)
    yield ""
    for name, found in (("exported", without), ("hidden", beside)):
        left = [one for one in found if not one.agrees]
        logs, flags = sum(one.same_log for one in found), sum(one.same_flags for one in found)
        yield f"With {name} state the log is the same word for word in {logs} rows, and all flags of the page"
        yield f"afterwards in {flags}. {'What differs:' if left else 'Nothing differs.'}"
        yield ""
        yield from (f"- {line_of(one)}." for one in left)
        if left:
            yield ""


def _share(found: Sequence[Compared], at: Sequence[int]) -> str:
    agreeing = sum(found[number].agrees for number in at)
    return f"{agreeing} ({100 * agreeing / len(at):.1f} %)"


def _traces(data: Path) -> Iterator[str]:
    yield _TRACES
    yield ""
    named = {name for name, what in all_known().items() if what == "modelled"}
    rows = []
    for recording in sorted((data / "traces").glob("*/*.txt")):
        calls = parse(recording.read_text())
        kernel = recording.parent.name
        steps = functions_of_steps(case_of(recording, data / "cases" / kernel), root_of(calls).function)
        entered = {call.function for call in calls}
        astray = follow(calls, steps)
        rows.append((kernel, f"`{recording.stem}`", len(entered), len(entered & named), len(steps), astray or "all"))
    head = ("kernel", "recording", "functions entered", "of them modelled", "steps", "follow the kernel")
    yield from table(head, rows)


def _functions() -> Iterator[str]:
    yield "Named by steps, by file of `hwpoison_gui/kernel/` and the kernel's files it is written after:"
    yield ""
    rows = [
        (f"`{module.module}`", ", ".join(f"`{name}`" for name in module.after), _names(module.functions))
        for module in modelled()
    ]
    yield from table(("file", "after", "functions"), rows)
    yield ""
    yield f"By file system, in all kernels or some: {_names(by_profile())}."
    yield ""
    yield "Folded into a neighbour's step:"
    yield ""
    yield from table(("functions", "told as", "why"), ((_names(f.functions.split()), f.into, f.why) for f in FOLDED))
    yield ""
    yield "Left out:"
    yield ""
    yield from table(("functions", "why"), ((_names(entry.functions.split()), entry.why) for entry in LEFT_OUT))


def _names(functions: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in functions)
