"""Layouts told apart by limbs: people of every order are recognised, wrong orders are refused."""

import pickle

import numpy as np
import pytest

from motionrecon.data.datasets import h36m_names
from motionrecon.data.formats import keypoint_layout_choice
from motionrecon.errors import DataError
from motionrecon.geometry.keypoint_layouts import H36M17, LAYOUTS, of_count
from motionrecon.geometry.keypoints import COCO17

_MIDDLES = {"pelvis": ("left_hip", "right_hip"), "neck": ("left_shoulder", "right_shoulder")}
_LIKE = {"crowdpose14", "lsp14", "aic14"}  # arms and legs alike in another order: they may be asked for


def _in_order(points, names, layout):
    """(T, K, 2) of a person (T, N, 2) in a layout; NaN where the source lacks a point."""
    out, index = np.full((len(points), layout.count, 2), np.nan), {n: i for i, n in enumerate(names)}
    for k, name in layout.points.items():
        sources = [name] if name in index else [s for s in _MIDDLES.get(name, ()) if s in index]
        if sources:
            out[:, k] = points[:, [index[s] for s in sources]].mean(axis=1)
    return out


@pytest.mark.parametrize("name", sorted(LAYOUTS))
@pytest.mark.parametrize("view", ["side", "front", "oblique"])
def test_a_walking_person(walking, name, view):
    layout = LAYOUTS[name]
    points = walking(names=tuple(layout.points.values()))
    angle = {"side": 0.0, "front": np.pi / 2, "oblique": 0.7}[view]
    flat = np.stack([np.cos(angle) * points[..., 0] + np.sin(angle) * points[..., 1], -points[..., 2]], axis=-1)
    values = np.full((len(points), layout.count, 2), np.nan)
    values[:, list(layout.points)] = 900 + 300 * flat
    try:
        assert keypoint_layout_choice.choose("a.json", values).name == name
    except DataError as error:
        assert name in _LIKE and "--layout" in str(error)
    assert keypoint_layout_choice.choose("a.json", values, name).name == name


def test_orders_that_are_nobodys(walking):
    random, refused = np.random.default_rng(0), 0
    points = walking(names=COCO17)
    flat = 900 + 300 * points[..., [0, 2]]
    for _ in range(40):
        try:
            keypoint_layout_choice.choose("a.json", flat[:, random.permutation(17)])
        except DataError as error:
            refused += 1
            assert "--layout" in str(error)
    assert refused >= 38


def test_too_little_is_asked_for():
    values = np.full((20, 17, 2), np.nan)
    values[:, :3] = np.random.default_rng(0).uniform(0, 900, (20, 3, 2))
    with pytest.raises(DataError, match="too little is seen to tell coco17 or h36m17 apart"):
        keypoint_layout_choice.choose("a.json", values)
    assert keypoint_layout_choice.choose("a.json", values, "coco17").name == "coco17"


def test_upper_body_alone(walking):
    points = walking(names=COCO17)
    values = 900 + 300 * points[..., [1, 2]]
    values[:, COCO17.index("left_hip") :] = np.nan
    assert keypoint_layout_choice.choose("a.json", values).name == "coco17"


def test_human36m_is_in_the_order_of_the_data_set():
    assert h36m_names.H36M17 == H36M17


@pytest.mark.dataset
def test_dancers_are_never_taken_for_another_layout(samples):
    """Detections by nine cameras, people on the floor among them, in pieces of two seconds."""
    refused = pieces = 0
    for file in sorted((samples / "aistpp" / "annotation" / "keypoints2d").glob("*.pkl")):
        seen = pickle.loads(file.read_bytes())["keypoints2d"][..., :2].astype(float)
        for points in (seen[c, s : s + 120] for c in range(9) for s in range(0, seen.shape[1] - 120, 240)):
            for name in ("coco17", "h36m17", "body25", "body25b", "halpe26", "wholebody133", "mpii16"):
                pieces += 1
                try:
                    found = keypoint_layout_choice.choose(file, _in_order(points, COCO17, LAYOUTS[name])).name
                    assert found == name
                except DataError:
                    refused += 1
    assert pieces > 500 and refused < 0.01 * pieces


def test_every_layout_has_its_number_of_points():
    for layout in LAYOUTS.values():
        assert max(layout.points) < layout.count and layout in of_count(layout.count)
        assert len(set(layout.points.values())) == len(layout.points)
