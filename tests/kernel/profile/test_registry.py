"""The list of profiles, and the features that they declare."""

from __future__ import annotations

import pytest

from hwpoison_gui.image import SYSCTLS
from hwpoison_gui.kernel.handler import EXITS
from hwpoison_gui.kernel.profile.features import FEATURES
from hwpoison_gui.kernel.profile.registry import PROFILES, counterpart, having, nearest, newest, oldest, sysctls
from hwpoison_gui.kernel.profile.type import Profile


def test_profiles_stand_in_the_order_of_their_kernels() -> None:
    versions = [profile.from_version for profile in PROFILES.values()]
    assert versions == sorted(set(versions)) and versions[0] == (0, 0)
    assert [oldest(), newest()] == list(PROFILES.values())[:: len(PROFILES) - 1]


def test_each_profile_is_named_after_the_kernel_that_it_models() -> None:
    """v7 is a series of patches: it has no release, and 2.6.32 is the kernel that they became part of.

    Nor has a kernel a release that could not be run.
    """
    profiles = list(PROFILES.values())
    for profile in profiles:
        version = ".".join(map(str, profile.modelled))
        assert f"Linux {version}" in profile.title
        assert profile.name == ("v7" if profile is oldest() else version)
        assert profile.release == "" or f"{profile.release}.".startswith(f"{version}.")
        assert profile.from_version <= profile.modelled
    assert oldest().release == ""
    for of_profile in ("name", "title", "news"):
        assert len({getattr(profile, of_profile) for profile in profiles}) == len(profiles)
    releases = [profile.release for profile in profiles if profile.release]
    assert len(set(releases)) == len(releases)


@pytest.mark.parametrize(
    "kernel, name",
    (
        ((2, 6), "v7"),
        ((3, 0), "6.1"),
        ((5, 10), "6.1"),
        ((6, 1), "6.1"),
        ((6, 10), "6.1"),
        ((6, 12), "6.12"),
        ((6, 18), "6.12"),
        ((7, 2), "7.2"),
    ),
)
def test_a_kernel_has_a_nearest_profile(kernel: tuple[int, int], name: str) -> None:
    assert nearest(kernel) is PROFILES[name]


def test_a_kernel_is_compared_with_the_newest_or_with_the_one_before_it() -> None:
    names = [counterpart(profile).name for profile in PROFILES.values()]
    assert names == [newest().name] * (len(PROFILES) - 1) + [list(PROFILES)[-2]]


def test_an_unknown_kernel_counts_as_the_newest() -> None:
    assert nearest(None) is newest()


def test_every_feature_tells_some_kernel_from_another() -> None:
    for name in FEATURES:
        assert 0 < len(having(name)) < len(PROFILES), name


def test_profiles_declare_known_features_alone() -> None:
    for profile in PROFILES.values():
        assert profile.features <= set(FEATURES)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_profile_has_the_features_of_its_kernel(profile: Profile) -> None:
    for feature in FEATURES.values():
        since = (6, 1) if feature.since is None or feature.gap else feature.since
        is_gone = feature.gone is not None and profile.modelled >= feature.gone
        assert profile.has(feature.name) is (profile.modelled >= since and not is_gone), feature.name


def test_features_stand_in_the_order_of_their_kernels() -> None:
    dated = [feature.since for feature in FEATURES.values() if feature.since is not None]
    assert dated == sorted(dated)
    undated = [feature for feature in FEATURES.values() if feature.since is None]
    assert list(FEATURES.values())[len(dated) :] == undated
    assert all(not (feature.gone and feature.gap) for feature in FEATURES.values())


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_every_exit_has_a_site(profile: Profile) -> None:
    assert profile.results.exits.keys() <= EXITS.keys()


def test_the_result_line_says_dirty_where_the_profile_says_so() -> None:
    for profile in PROFILES.values():
        assert ("{dirty}" in profile.log.result) is profile.has("result_says_dirty")


def test_an_unknown_feature_is_an_error_not_a_no() -> None:
    with pytest.raises(KeyError):
        oldest().has("anon_vma_chian")


def test_sources_read_every_sysctl() -> None:
    assert set(SYSCTLS) == set(sysctls())
