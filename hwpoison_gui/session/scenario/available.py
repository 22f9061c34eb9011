"""Check that a profile has what an operation asks for: features, sysctls, kinds of pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hwpoison_gui.kernel.profile.registry import PROFILES, having
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.session import grammar
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario import schema, shape
from hwpoison_gui.session.scenario.schema import OPS, Kind


def check_available(profile: Profile, name: str, args: Mapping[str, Any]) -> None:
    """Raise ScenarioError if an operation, or a word in it, needs a feature or sysctl that the profile lacks."""
    op = OPS[name]
    _check_feature(profile, op.feature, f"`{name}`", "op")
    for key, value in args.items():
        spec = op.keys[key]
        if spec.kind is Kind.CHOICE:
            _check_feature(profile, spec.features.get(value, ""), shape.shown(value), key)
        if spec.kind is Kind.SYSCTL:
            check_sysctl(profile, value, key)
        if spec.kind is Kind.FRAME:
            check_frame(profile, value, key)
        if spec.kind is Kind.FRAMES:
            for text in value:
                check_frame(profile, text, key)


def check_frame(profile: Profile, text: str, key: str) -> None:
    """Raise ScenarioError if a frame is named by a kind of page that the profile does not have."""
    page = grammar.parse_page(text)
    inner = page.page if isinstance(page, grammar.HeadPage) else page
    if isinstance(inner, grammar.AnyPage):
        _check_feature(profile, schema.ANY_KIND_FEATURES.get(inner.kind, ""), shape.shown(text), key)


def check_sysctl(profile: Profile, name: str, key: str) -> None:
    """Raise ScenarioError if the profile does not have a sysctl."""
    if name not in profile.sysctl:
        names = [other.name for other in PROFILES.values() if name in other.sysctl]
        raise ScenarioError(f"`{name}` is only for profile {_listed(names)}", key=key)


def check_expected(profile: Profile, key: str) -> None:
    """Raise ScenarioError if a key of `expect` asks for something that the profile does not have."""
    _check_feature(profile, schema.EXPECT_FEATURES.get(key, ""), f"`{key}`", f"expect.{key}")


def _check_feature(profile: Profile, feature: str, what: str, key: str) -> None:
    if feature and not profile.has(feature):
        names = [other.name for other in having(feature)]
        raise ScenarioError(f"{what} is only for profile {_listed(names)}", key=key)


def _listed(names: list[str]) -> str:
    """Name as in a sentence: `6.1, 6.12 and 7.2`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
