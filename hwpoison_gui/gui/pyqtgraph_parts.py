"""The parts of pyqtgraph that the map is made of, without the rest: it is most of the time that a start takes.

`import pyqtgraph` loads every plot and dialog it has, and copies all of Qt's classes into modules of its own.
Here the package and its Qt module stand in sys.modules with only what the parts ask for; the first
other name that anybody wants of them loads the whole in place. Where the parts do not fit together, the
whole is loaded at once.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

import shiboken6
from PySide6 import QtCore, QtGui, QtWidgets

_PACKAGE: Final = "pyqtgraph"
_OPTIONS: Final[dict[str, Any]] = {
    "useOpenGL": False, "leftButtonPan": True, "foreground": "d", "background": "k", "antialias": False,
    "editorCommand": None, "exitCleanup": True, "enableExperimental": False, "crashWarning": False,
    "mouseRateLimit": 100, "imageAxisOrder": "col-major", "useCupy": False, "useNumba": False,
    "segmentedLineMode": "auto",
}  # fmt: skip


class _Partly(ModuleType):
    """A package of which some names are there. Once it is `open`, any other loads the whole in place."""

    open = False

    def __init__(self, spec: ModuleSpec, **names: Any) -> None:
        super().__init__(spec.name)
        self.__spec__, self.__loader__, self.__file__ = spec, spec.loader, spec.origin
        self.__path__ = list(spec.submodule_search_locations or ())
        self.__package__ = spec.name
        self.__dict__.update(names)

    def __getattr__(self, name: str) -> Any:
        if not _Partly.open or name.startswith("__"):
            raise AttributeError(name)  # what imports a submodule looks for it here first
        package = sys.modules[_PACKAGE]
        for partly in (sys.modules[f"{_PACKAGE}.Qt"], package):
            spec, partly.__class__ = partly.__spec__, ModuleType
            if spec is not None and spec.loader is not None:
                spec.loader.exec_module(partly)
        package.__dict__["Qt"] = sys.modules[f"{_PACKAGE}.Qt"]
        return getattr(self, name)


def _connect_cleanup() -> None:
    """What every view asks for: view boxes must not look after one another while the program ends."""
    if not _connected:
        application = QtWidgets.QApplication.instance()
        assert application is not None
        application.aboutToQuit.connect(ViewBox.quit)
        _connected.append(True)


_connected: Final[list[bool]] = []


def _begin() -> None:
    """Puts both packages into place, with the names that the parts ask for."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.submodule_search_locations is None:
        raise ImportError(_PACKAGE)
    sys.modules[_PACKAGE] = _Partly(
        spec, CONFIG_OPTIONS=_OPTIONS, getConfigOption=_OPTIONS.__getitem__, setConfigOption=_OPTIONS.__setitem__,
        _connectCleanup=_connect_cleanup,
    )  # fmt: skip
    origin = os.path.join(spec.submodule_search_locations[0], "Qt", "__init__.py")
    folder = [os.path.dirname(origin)]
    inner = importlib.util.spec_from_file_location(f"{_PACKAGE}.Qt", origin, submodule_search_locations=folder)
    assert inner is not None
    for module in (QtCore, QtGui, QtWidgets):
        sys.modules[f"{_PACKAGE}.Qt.{module.__name__.rpartition('.')[2]}"] = module
    libraries = {name.upper(): name for name in ("PyQt5", "PyQt6", "PySide2", "PySide6")}
    qt = sys.modules[f"{_PACKAGE}.Qt"] = _Partly(
        inner, QtCore=QtCore, QtGui=QtGui, QtWidgets=QtWidgets, QT_LIB="PySide6", QtVersion=QtCore.qVersion(),
        isQObjectAlive=shiboken6.isValid, **libraries,
    )  # fmt: skip
    from pyqtgraph.Qt import compat

    # As pyqtgraph.Qt itself sets them, for PySide6.
    compat.wrapinstance, compat.voidptr = shiboken6.wrapInstance, shiboken6.VoidPtr
    compat.unwrapinstance = lambda wrapped: shiboken6.getCppPointer(wrapped)[0]
    qt.__dict__["compat"] = compat


def _parts() -> tuple[Any, Any, Any, Any]:
    from pyqtgraph.graphicsItems.GraphicsObject import GraphicsObject
    from pyqtgraph.graphicsItems.ViewBox import ViewBox
    from pyqtgraph.Qt import internals
    from pyqtgraph.widgets.GraphicsView import GraphicsView

    return GraphicsObject, GraphicsView, ViewBox, internals


def _load() -> tuple[Any, Any, Any, Any]:
    if _PACKAGE not in sys.modules:
        try:
            _begin()
            found = _parts()
            _Partly.open = True
            return found
        except (ImportError, AttributeError, KeyError):
            for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
                del sys.modules[name]
    return _parts()


GraphicsObject, GraphicsView, ViewBox, internals = _load()
