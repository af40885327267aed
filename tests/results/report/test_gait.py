"""The report's section on gait: curves over the cycle where there is a stride, over time where there is none."""

import dataclasses
import re

import numpy as np
import pytest

from motionrecon import biomechanics, metrics
from motionrecon.results.report import figures, gait_plots, gait_section, panels, report
from motionrecon.types import Motion, Skeleton
from tests.fixtures import walking_result as made


@pytest.fixture(scope="module")
def walking():
    result = made.walking_result("mocap", frames=90)
    return result, metrics.summarize(result)


def gait_figure(result):
    found = biomechanics.analyze(result)
    figure = panels.new_figure(10.0, gait_plots.height(found))
    gait_plots.draw(figure, found)
    return figure


def rendered(result, summary):
    """Return the page with blank pictures."""
    blank = np.zeros((2, 2, 3), np.uint8)
    return report.render(result, summary, dict.fromkeys(("gait", *figures.SHEET), blank))


def test_the_section_shows_curves_and_figures(walking):
    text = rendered(*walking)
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
    figure = gait_figure(walking[0])
    assert len(figure.axes) == 10
    knee = figure.axes[1]
    drawn = {line.get_label(): line.get_ydata() for line in knee.lines}
    i = found.cycle.names.index("left_knee_flexion_deg")
    np.testing.assert_array_equal(drawn[f"left, {found.cycle.strides[i]} strides"], found.cycle.mean[i])
    assert len(knee.collections) == 2  # two strides or more a side


def test_without_a_stride_angles_are_over_time():
    result = made.walking_result("video", frames=14)
    summary = metrics.summarize(result)
    text = rendered(result, summary)
    assert "No whole stride was found" in text and 'class="methods gait"' not in text
    image = panels.pixels(gait_figure(result))
    assert image.shape[1] > 1000 and 1.0 < image.std() < 120.0
    assert gait_section.table(summary["gait"]) == ""


def test_odd_joint_names_are_harmless(walking):
    result, _ = walking
    body = result.motion.skeleton
    names = tuple("<script>" if n == "right_knee" else n for n in body.names)
    odd = Motion(Skeleton(names, body.parents, body.offsets), made.FPS, result.motion.root_pos, result.motion.quats)
    result = dataclasses.replace(result, motion=odd)
    text = rendered(result, metrics.summarize(result))
    assert "<script" not in text
    assert not any("script" in name for name in biomechanics.analyze(result).angle_names)
