"""The report: self-contained, complete, honest about what is unknown, safe with odd names."""

import base64
import dataclasses
import re

import cv2
import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from motionrecon import metrics
from motionrecon.results.report import figures, panels, plots, report, stills
from motionrecon.types import FitStatus
from tests.fixtures import walking_result as made


@pytest.fixture(scope="module")
def video():
    result = made.walking_result("video", frames=20)
    return result, metrics.summarize(result)


@pytest.fixture(scope="module")
def page(video, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    pictures = [np.full((90, 160, 3), 40 * i, np.uint8) for i in range(4)]
    path, picture = report.write_report(*video, folder / "report.html", pictures)
    assert sorted(p.name for p in folder.iterdir()) == ["report.html", "report.png"]
    return path.read_text(), cv2.imread(str(picture))


def test_page_stands_alone(page):
    text, _ = page
    assert not re.findall(r"(?:src|href)=[\"'](?!data:)", text) and "<script" not in text and "url(" not in text
    assert "$" not in re.sub(r"base64,[^\"]*", "", text)  # every place was filled


def test_pictures_are_pictures_with_ink(page):
    text, sheet = page
    kinds = re.findall(r"data:image/(png|jpeg);base64,([^\"]+)", text)
    assert [k for k, _ in kinds] == ["jpeg"] * 4 + ["png"] * 5
    images = [cv2.imdecode(np.frombuffer(base64.b64decode(b), np.uint8), cv2.IMREAD_COLOR) for _, b in kinds]
    for image in [*images[4:], sheet]:
        assert image.shape[1] > 1000 and 1.0 < image.std() < 120.0


def test_table_shows_what_metrics_say(page, video):
    text, _ = page
    rows = video[1]["methods"]
    for key, digits in (("mpjpe_2d_px", 1), ("foot_skate_percent", 1), ("penetration_mm", 1)):
        for method in metrics.METHODS:
            assert f">{rows[method][key]:.{digits}f}</td>" in text
    assert "Not computable here: MPJPE-G" in text
    assert '<th scope="row">MPJPE-G' not in text


def test_lowest_is_bold_and_a_single_unknown_is_a_dash(video):
    summary = {"methods": {m: dict.fromkeys(video[1]["methods"]["physics"]) for m in metrics.METHODS}}
    summary["methods"]["physics"]["mpjpe_mm"] = 12.34
    summary["methods"]["kinematic"]["mpjpe_mm"] = 20.0
    cells = re.findall(r'<td class="(best)?">([^<]*)</td>', report.headline(summary))
    assert cells == [("best", "12.3"), ("", "20.0"), ("", "&ndash;")]


@pytest.fixture
def undrawn():
    """Leave out the plots where the text is what matters."""
    return dict.fromkeys(("gait", "ground", "torques", "errors", "losses"), np.zeros((2, 2, 3), np.uint8))


def test_warnings_and_falls_are_told(video, undrawn):
    result, _ = video
    fallen = dataclasses.replace(result.windows[1], status=FitStatus.DIVERGED)
    result = dataclasses.replace(result, windows=(result.windows[0], fallen, *result.windows[2:]))
    text = report.render(result, metrics.summarize(result), undrawn)
    assert "The stature is a guess (1.75 m)" in text
    start, stop = fallen.window.start, fallen.window.stop
    assert f"Frames {start} to {stop - 1}: the simulated person left the observation" in text


def test_names_cannot_break_the_page(video, undrawn):
    result = dataclasses.replace(
        video[0], source="a/<b>&$title.mp4", warnings=("<script>",), config={"x": {"<i>": None}}
    )
    text = report.render(result, metrics.summarize(result), undrawn)
    assert "&lt;b&gt;&amp;$title.mp4" in text and "<script>" not in text and "x.&lt;i&gt;" in text


def test_bare_results_still_make_a_sheet(video):
    result = dataclasses.replace(
        video[0], windows=(), contact_names=tuple(f"point{i}" for i in range(14)), foot_contacts=None
    )
    summary = metrics.summarize(result)
    assert summary["methods"]["physics"]["foot_skate_percent"] is None
    sections = figures.section_figures(result, summary)
    drawn = figures.sheet(sections, summary)
    below = np.concatenate([sections[name] for name in figures.SHEET])
    np.testing.assert_array_equal(drawn[-len(below) :], below)  # drawn once
    title = drawn[: -len(below)]
    assert len(title) > 20 and title.min() < 100


def test_pictures_are_the_same_each_time(video):
    first, second = (figures.section_figures(*video) for _ in range(2))
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])


def test_ticks_grid_and_names_stand_where_they_belong():
    with matplotlib.rc_context(panels.STYLE):
        figure = panels.new_figure(4.0, 3.0)
        ((axes,),) = panels.place(figure)
        axes.plot([0.0, 10.0], [-1.0, 1.0])
        axes.set(xlim=(0.0, 10.0), ylim=(-1.0, 1.0), xlabel="s", ylabel="cm")
        image = panels.pixels(figure)
    assert image.shape == (390, 520, 3)
    texts = {t.get_text(): t.get_window_extent() for t in figure.texts}
    assert {"s", "cm", "0", "10"} <= set(texts) and not axes.xaxis.get_visible()
    box = axes.get_window_extent()
    assert texts["s"].y1 < texts["0"].y0 < texts["0"].y1 < box.y0  # the name below the numbers below the plot
    assert 0 < texts["cm"].x0 < texts["cm"].x1 < box.x0
    assert 0.5 * (texts["10"].x0 + texts["10"].x1) == pytest.approx(box.x1, abs=1.0)
    assert texts["s"].y0 >= 0 and texts["10"].x1 <= 520


def test_png_keeps_every_pixel():
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    back = cv2.imdecode(np.frombuffer(panels.png(image), np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(back[..., ::-1], image)


def test_unreliable_forces_are_shaded(video):
    judged = np.ones(20, dtype=bool)
    judged[[0, 1, 2, 12, 19]] = False
    axes = [Figure().subplots() for _ in range(2)]
    plots.vertical_force(axes[0], video[0])
    plots.vertical_force(axes[1], dataclasses.replace(video[0], force_reliable=judged))
    assert not axes[0].patches
    spans = [(p.get_x(), p.get_x() + p.get_width()) for p in axes[1].patches]
    np.testing.assert_allclose(np.array(spans) * made.FPS, [[0, 3], [12, 13], [19, 20]], atol=1e-9)
    assert [t.get_text() for t in axes[1].get_legend().get_texts()].count("not reliable") == 1


def test_stills_are_spread_over_the_video():
    strip = stills.Strip(40, count=4)
    for i in range(40):
        strip.see(i, np.full((360, 640, 3), 6 * i, np.uint8))
    assert [i.shape for i in strip.images] == [(270, 480, 3)] * 4
    assert [i.mean() for i in strip.images] == [30, 90, 150, 210]
    short = stills.Strip(2)
    picture = np.zeros((90, 160, 3), np.uint8)
    short.see(0, picture)
    picture[:] = 9  # drawn over for the next one
    assert [i.shape for i in short.images] == [(90, 160, 3)] and not short.images[0].any()
