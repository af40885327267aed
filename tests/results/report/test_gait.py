"""The report's section on gait: curves over the cycle where there is a stride, over time where there is none."""

import dataclasses
import re

import cv2
import numpy as np
import pytest

from motionrecon import biomechanics, metrics
from motionrecon.results.report import figures, gait_plots, gait_section, report
from motionrecon.types import Motion, Skeleton
from tests.fixtures import walking_result as made


@pytest.fixture(scope="module")
def walking():
    result = made.walking_result("mocap", frames=90)
    return result, metrics.summarize(result)


@pytest.fixture
def others_undrawn(monkeypatch):
    """Draw no section but that on gait."""
    sections = ("ground", "torques", "errors", "losses")

    def only_gait(result, _):
        found = biomechanics.analyze(result)
        figure = figures._figure(*gait_plots.size(found))
        gait_plots.draw(figure, found)
        return {"gait": figures._png(figure)} | dict.fromkeys(sections, b"png")

    monkeypatch.setattr(figures, "section_figures", only_gait)


def test_the_section_shows_curves_and_figures(walking, others_undrawn):
    text = report.render(*walking)
    section = text.split("<h2>Gait and joints</h2>")[1].split("</section>")[0]
    gait = walking[1]["gait"]
    rows = dict(re.findall(r'<th scope="row">([^<]*)</th><td class="unit">[^<]*</td>((?:<td>[^<]*</td>)+)', section))
    speed = re.findall("<td>([^<]*)</td>", rows["Walking speed"])
    assert speed == ["&ndash;", "&ndash;", f"{gait['walking_speed_m_per_s']:.2f}"]
    stance = re.findall("<td>([^<]*)</td>", rows["Stance"])
    assert stance == [f"{gait[s]['stance_percent']:.0f}" for s in ("left", "right")] + [f"{gait['stance_percent']:.0f}"]
    left = ", ".join(f"{t:.2f}" for t in gait["heel_strikes_s"]["left"])
    assert f"Heel strikes: left {left} s; right" in section and "Toe-offs: left" in section
    assert "over the gait cycle" in section and "one standard deviation" in section


def test_bands_and_means_are_drawn(walking):
    found = biomechanics.analyze(walking[0])
    figure = figures._figure(*gait_plots.size(found))
    gait_plots.draw(figure, found)
    assert len(figure.axes) == 10
    knee = figure.axes[1]
    drawn = {line.get_label(): line.get_ydata() for line in knee.lines}
    i = found.cycle.names.index("left_knee_flexion_deg")
    np.testing.assert_array_equal(drawn[f"left, {found.cycle.strides[i]} strides"], found.cycle.mean[i])
    assert len(knee.collections) == 2  # two strides or more a side


def test_without_a_stride_angles_are_over_time(others_undrawn):
    result = made.walking_result("video", frames=14)
    summary = metrics.summarize(result)
    text = report.render(result, summary)
    assert "No whole stride was found" in text and 'class="methods gait"' not in text
    picture = figures.section_figures(result, summary)["gait"]
    image = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    assert image.shape[1] > 1000 and 1.0 < image.std() < 120.0
    assert gait_section.table(summary["gait"]) == ""


def test_odd_joint_names_are_harmless(walking, others_undrawn):
    result, _ = walking
    body = result.motion.skeleton
    names = tuple("<script>" if n == "right_knee" else n for n in body.names)
    odd = Motion(Skeleton(names, body.parents, body.offsets), made.FPS, result.motion.root_pos, result.motion.quats)
    result = dataclasses.replace(result, motion=odd)
    text = report.render(result, metrics.summarize(result))
    assert "<script" not in text
    assert not any("script" in name for name in biomechanics.analyze(result).angle_names)
