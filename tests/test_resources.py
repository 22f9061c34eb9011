"""The resources are found from a checkout, from an editable install and from a wheel."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hwpoison_gui import resources

CHECKOUT = Path(__file__).parent.parent
ICON = "icons/hwpoison-gui.svg"


def _build(kind: str, into: Path) -> Path:
    """Build a wheel of `kind` as an installer would, without isolation, and unpack it."""
    code = f"import hatchling.build as build; print(build.build_{kind}({str(into)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=True, capture_output=True)
    (wheel,) = into.glob("*.whl")
    site = into / "site"
    zipfile.ZipFile(wheel).extractall(site)
    return site


def _found_from(site: Path, tmp_path: Path) -> Path:
    """Return the path of the icon for an interpreter whose only site-packages folder is `site`."""
    code = f"""
import site
site.addsitedir({str(site)!r})
from hwpoison_gui import resources
print(resources.path({ICON!r}))
"""
    # -S and -I: neither the checkout nor an installed package is on the path.
    shown = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    return Path(shown.stdout.strip())


def test_checkout() -> None:
    assert resources.folder() == CHECKOUT / "resources"
    assert resources.path(ICON) == CHECKOUT / "resources" / ICON


def test_editable_install(tmp_path: Path) -> None:
    site = _build("editable", tmp_path)
    assert not (site / "hwpoison_gui").exists()
    assert _found_from(site, tmp_path) == CHECKOUT / "resources" / ICON


def test_wheel(tmp_path: Path) -> None:
    site = _build("wheel", tmp_path)
    found = _found_from(site, tmp_path)
    assert found == site / "hwpoison_gui/_resources" / ICON
    assert found.read_bytes() == (CHECKOUT / "resources" / ICON).read_bytes()


def test_missing_resource_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="icons/none.svg"):
        resources.path("icons/none.svg")
