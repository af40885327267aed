"""One catalog: every measure of a fit is in it, and the documentation is made from it."""

from pathlib import Path

import pytest

from motionrecon import metrics
from motionrecon.metrics import catalog
from tests.fixtures import walking_result


def test_every_measure_of_a_method_is_in_the_catalog():
    methods = metrics.summarize(walking_result.walking_result("mocap", frames=45))["methods"]
    assert {frozenset(row) for row in methods.values()} == {frozenset(catalog.METHOD_KEYS)}


def test_the_documentation_is_the_catalog():
    text = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert catalog.documentation() in text, "docs/metrics.md: put catalog.documentation() there"


def test_digits_and_dashes():
    (error,) = catalog.of(("mpjpe_g_mm",))
    assert (error.shown(3.14159), error.shown(None), error.heading) == ("3.1", "-", "MPJPE-G")
    with pytest.raises(KeyError):
        catalog.of(("mpjpe",))


def test_keypoints_of_no_body_are_measured_like_a_method():
    result = walking_result.walking_result("mocap", frames=45, truth=True)
    usual = metrics.summarize(result)["methods"]["physics"]
    found = metrics.measure_keypoints(result, result.rollout.keypoints)
    without_body = {"penetration_mm", "float_mm"}
    assert {key for key in usual if found[key] != usual[key]} <= without_body
    assert all(found[key] is None for key in without_body)
