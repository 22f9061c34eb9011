"""Parts of scenario files, and how a bad one is refused."""

from __future__ import annotations

import pytest

from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario.reader import loads

HEAD = 'format = 1\ntitle = "t"\n'
NEW = HEAD + 'profile = "6.1"\n'
TASK = '[[step]]\nop = "task"\nname = "a"\n'
FILE = '[[step]]\nop = "file"\npath = "/f"\npages = 4\n'
OPEN = '[[step]]\nop = "open"\ntask = "a"\npath = "/f"\nfd = "d"\n'
MMAP = '[[step]]\nop = "mmap"\ntask = "a"\nname = "m"\npages = 2\n'
EXIT = '[[step]]\nop = "exit"\ntask = "a"\n'


def step(op: str, rest: str = "") -> str:
    return f'[[step]]\nop = "{op}"\n{rest}\n'


def refused(text: str) -> ScenarioError:
    with pytest.raises(ScenarioError) as raised:
        loads(text, "x.toml")
    return raised.value
