"""The recorded case that shows a difference between two kernels: it holds on its own kernel alone.

The cases found are kept in a file, since the search replays thousands; a test replays what is kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from hwpoison_gui import atomic_file
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.record import Record
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.fidelity.differences import Difference, differences, pairs, taken_over
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.available import check_available, check_sysctl
from hwpoison_gui.session.scenario.check import files_of
from hwpoison_gui.session.scenario.reader import load
from hwpoison_gui.session.scenario.scenario import Scenario

KEPT: Final = "shown_by.json"  # in the folder of the recordings
FOLDERS: Final = ("cases", "cases-extra", "cases-public", "tinjpage")  # what a kernel did comes first

# Kernel -> difference -> case, by its path below the recordings; empty where no case shows it.
ShownBy = dict[str, dict[str, str]]


class Case(Record):
    """A recorded case of one kernel."""

    path: Path
    scenario: Scenario


def cases_of(data: Path) -> dict[str, list[Case]]:
    """All cases by kernel, recordings first, the shortest ones first within a folder."""
    found: dict[str, list[Case]] = {}
    for folder in FOLDERS:
        cases = [Case(path, load(path)) for path in files_of([data / folder]) if path.suffix == ".toml"]
        for case in sorted(cases, key=lambda case: (len(case.scenario.steps), case.path)):
            found.setdefault(case.scenario.profile, []).append(case)
    return found


def holds_under(scenario: Scenario, profile: Profile) -> bool | None:
    """Return whether a scenario holds on a variant of its kernel, which may lack an operation of it.

    None if the model fails there, as the parts of two kernels need not fit together.
    """
    session = replay.boot(scenario)
    session.machine.profile = profile
    session.machine.sysctl.load({**profile.sysctl, **scenario.sysctl})
    try:
        for name in scenario.sysctl:
            check_sysctl(profile, name, name)
        for step in scenario.steps:
            check_available(profile, step.op, step.args)
        return not any(done.differences for done in replay.play(session, scenario))
    except ScenarioError:
        return False
    except Exception:  # noqa: BLE001
        return None


def case_for(difference: Difference, taken: Profile, cases: Sequence[Case]) -> Path | None:
    """The first case that shows a difference; None if there is none.

    Parameters
    ----------
    taken
        The older kernel with the difference.
    cases
        Those of the newer kernel, which must not hold without the difference, and of the older one, which must not
        hold with it.
    """
    newer, without = difference.newer.name, difference.without
    for case in cases:
        if holds_under(case.scenario, without if case.scenario.profile == newer else taken) is False:
            return case.path
    return None


def search(data: Path, kept: ShownBy, again: bool) -> Iterator[tuple[str, str, str]]:
    """Kernel, difference and case for each difference, in order.

    Parameters
    ----------
    data
        The folder of the recordings.
    kept
        The result of the last search: a case that it found is tried first, and where it found none, another search
        takes `again`.
    """
    cases = cases_of(data)
    for older, newer in pairs():
        taken = taken_over(older, newer)
        both = [*cases.get(newer.name, []), *cases.get(older.name, [])]
        for difference in differences(older, newer):
            known = kept.get(newer.name, {}).get(difference.name)
            if known == "" and not again:
                yield newer.name, difference.name, ""
                continue
            likely = sorted(both, key=lambda case: case.path != data / known) if known else both
            found = case_for(difference, taken[difference.name], likely)
            yield newer.name, difference.name, found.relative_to(data).as_posix() if found is not None else ""


def read(data: Path) -> ShownBy:
    """The result of the last search; empty if there is no file of it. Raises OSError."""
    path = data / KEPT
    found: ShownBy = json.loads(path.read_text()) if path.exists() else {}
    return found


def write(data: Path, again: bool, progress: Callable[[str], None]) -> None:
    """Search, and write the result if it changed; `progress` gets a line for each change. Raises OSError."""
    found: ShownBy = {}
    kept = read(data)
    for kernel, name, case in search(data, kept, again):
        found.setdefault(kernel, {})[name] = case
        if kept.get(kernel, {}).get(name) != case:
            progress(f"{kernel}: {name}: {case or 'no case'}")
    if found != kept:
        atomic_file.write(data / KEPT, (json.dumps(found, indent=1) + "\n").encode())
