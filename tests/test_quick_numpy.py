"""numpy as a start imports it."""

from __future__ import annotations

import subprocess
import sys

# What libraries do with numpy, after an import without documentation and types.
LIBRARIES = """
import sys
from hwpoison_gui import quick_numpy
quick_numpy.load()
import numpy as np
import numpy.typing as npt
assert npt.NDArray[np.int64] == np.ndarray[quick_numpy.Any, np.dtype[np.int64]]
assert not [name for name in sys.modules if name.startswith(("numpy._typing", "numpy._core._add_newdocs"))]

import pickle, platform, textwrap
assert not [one for one in (pickle, platform, textwrap) if hasattr(one, "__file__")]
assert pickle.loads(pickle.dumps(np.arange(4))).tolist() == [0, 1, 2, 3] and textwrap.dedent(" a") == "a"
assert platform.python_version() == sys.version.split()[0]
assert all(sys.modules[name].__file__ for name in ("pickle", "platform", "textwrap"))

import numpy.ma, numpy.random, numpy.testing  # which read documentation, or annotate with more than arrays
from numpy.typing import ArrayLike
assert npt.ArrayLike is ArrayLike
assert sys.modules["numpy.typing"] is np.typing and np.typing.__file__
assert npt.NDArray[np.int64] == np.typing.NDArray[np.int64].__origin__[quick_numpy.Any, np.dtype[np.int64]]
import numpy._core._add_newdocs
assert "array" in np.ndarray.__doc__
"""


def test_libraries_get_what_a_start_leaves_out() -> None:
    done = subprocess.run([sys.executable, "-c", LIBRARIES], capture_output=True, text=True, timeout=60)
    assert not done.returncode, done.stderr
