"""BVH: forward kinematics, rigs, channel orders, broken files, and the CMU clips."""

import json
import re

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motionrecon.data import axes
from motionrecon.data.formats import bvh
from motionrecon.errors import DataError
from motionrecon.geometry import skeleton
from motionrecon.geometry.keypoints import MOCAP18
from motionrecon.results.export.bvh import write_bvh
from motionrecon.types import Motion

_CM = 100.0
# name, parent, offset in m (y up, facing +z, left +x)
_TREE = [
    ("Hips", -1, (0, 0, 0)),
    ("Spine", 0, (0, 0.10, 0)), ("Spine1", 1, (0, 0.13, 0)), ("Spine2", 2, (0, 0.13, 0)),
    ("Neck", 3, (0, 0.15, 0)), ("Head", 4, (0, 0.09, 0)), ("", 5, (0, 0.18, 0)),
    *(
        row
        for s, side, base in ((1, "Left", 7), (-1, "Right", 16))
        for row in (
            (f"{side}UpLeg", 0, (0.09 * s, -0.02, 0)), (f"{side}Leg", base, (0, -0.42, 0)),
            (f"{side}Foot", base + 1, (0, -0.41, 0)), (f"{side}ToeBase", base + 2, (0, -0.06, 0.13)),
            ("", base + 3, (0, 0, 0.06)),
            (f"{side}Shoulder", 3, (0.06 * s, 0.10, 0)), (f"{side}Arm", base + 5, (0.12 * s, 0, 0)),
            (f"{side}ForeArm", base + 6, (0.28 * s, 0, 0)), (f"{side}Hand", base + 7, (0.25 * s, 0, 0)),
        )
    ),
]  # fmt: skip


def _write(path, order="ZXY", frames=12, prefix="", scale=_CM, edit=None, seed=0):
    """Write random motion; returns local rotations (T, N) as Rotation list, root positions (T, 3) m."""
    rng = np.random.default_rng(seed)
    drift = np.linspace(0, 0.3, frames)
    angles = [np.outer(np.sin(drift * 4 + i), rng.uniform(-20, 20, 3)) for i in range(len(_TREE))]
    root = np.stack([0.2 * drift, 0.95 + 0 * drift, drift], axis=1)
    lines, columns = ["HIERARCHY"], []

    def node(i, indent):
        name, _, offset = _TREE[i]
        pad = "\t" * indent
        key = "End Site" if not name else f"{'ROOT' if i == 0 else 'JOINT'} {prefix}{name}"
        lines.extend([pad + key, pad + "{"])
        lines.append(pad + "\tOFFSET " + " ".join(f"{v * scale:.9f}" for v in offset))
        if name:
            turns = [f"{a}rotation" for a in order]
            moves = ["Xposition", "Yposition", "Zposition"] if i == 0 else []
            lines.append(pad + f"\tCHANNELS {len(moves + turns)} " + " ".join(moves + turns))
            if moves:
                columns.append(root * scale)
            columns.append(angles[i])
        for c in (c for c, n in enumerate(_TREE) if n[1] == i):
            node(c, indent + 1)
        lines.append(pad + "}")

    node(0, 0)
    lines += ["MOTION", f"Frames: {frames}", "Frame Time: 0.033333"]
    lines += [" ".join(f"{v:.9f}" for v in row) for row in np.concatenate(columns, axis=1)]
    text = "\n".join(lines) + "\n"
    path.write_text(edit(text) if edit else text)
    return [Rotation.from_euler(order, a, degrees=True) for a in angles], root


def _expected(turns, root):
    """Forward kinematics written the slow way, one frame at a time; (T, N, 3) in file axes, m."""
    out = np.zeros((len(root), len(_TREE), 3))
    for t in range(len(root)):
        world = []
        for i, (name, parent, offset) in enumerate(_TREE):
            local = turns[i][t].as_matrix() if name else np.eye(3)
            world.append(local if parent < 0 else world[parent] @ local)
            out[t, i] = root[t] if parent < 0 else out[t, parent] + world[parent] @ np.array(offset)
    return out


@pytest.mark.parametrize("order", ["ZXY", "ZYX", "XYZ", "YXZ"])
def test_forward_kinematics_for_any_channel_order(tmp_path, order):
    path = tmp_path / "clip.bvh"
    truth = _expected(*_write(path, order)) @ axes.Y_UP.T
    found = bvh.read(path)
    observation = found.observation
    assert set(MOCAP18) | {"left_toe", "right_toe"} == set(observation.names)
    assert found.key == "clip" and observation.fps == 30.0 and found.recording.unit == "cm"
    labels = [name for name, _, _ in _TREE]
    for name, label in found.recording.labels.items():
        index = labels.index(label) if label in labels else labels.index(label.removesuffix(" end")) + 1
        k = observation.names.index(name)
        np.testing.assert_allclose(observation.keypoints3d[:, k], truth[:, index], atol=1e-6)


def test_chest_is_the_middle_of_the_trunk_and_prefixes_do_not_matter(tmp_path):
    _write(tmp_path / "a.bvh", prefix="mixamorig:")
    joints = bvh.read(tmp_path / "a.bvh").recording.labels
    assert joints["chest"] == "mixamorig:Spine1" and joints["left_shoulder"] == "mixamorig:LeftArm"
    assert joints["head_top"] == "mixamorig:Head end"


def test_facing_is_forward_and_left_is_left(tmp_path):
    _write(tmp_path / "a.bvh", edit=lambda t: t)
    observation = bvh.read(tmp_path / "a.bvh").observation
    at = {n: observation.keypoints3d[0, i] for i, n in enumerate(observation.names)}
    assert at["left_hip"][1] > at["right_hip"][1]
    assert at["left_toe"][0] > at["left_ankle"][0]
    assert at["neck"][2] > at["pelvis"][2] > at["left_ankle"][2]


@pytest.mark.parametrize(("scale", "unit"), [(1.0, "m"), (1000.0, "mm"), (1 / axes.CMU_UNIT, "inch/0.45 (CMU)")])
def test_units_are_guessed_and_said(tmp_path, scale, unit):
    _write(tmp_path / "a.bvh", scale=scale)
    found = bvh.read(tmp_path / "a.bvh")
    assert found.recording.unit == unit and any(unit in w for w in found.warnings)
    assert np.median(found.observation.keypoints3d[:, 0, 2]) == pytest.approx(0.95, abs=1e-6)


def test_leading_rest_pose_is_dropped(tmp_path):
    def zero_first(text):
        head, motion = text.split("Frame Time: 0.033333\n")
        rows = motion.splitlines()
        first = rows[0].split()
        rows.insert(0, " ".join(first[:3] + ["60"] * (len(first) - 3)))
        return head.replace("Frames: 12", "Frames: 13") + "Frame Time: 0.033333\n" + "\n".join(rows)

    _write(tmp_path / "clean.bvh")
    _write(tmp_path / "posed.bvh", edit=zero_first)
    clean, posed = bvh.read(tmp_path / "clean.bvh"), bvh.read(tmp_path / "posed.bvh")
    np.testing.assert_array_equal(clean.observation.keypoints3d, posed.observation.keypoints3d)
    assert any("dropped" in w for w in posed.warnings)
    assert not any("dropped" in w for w in clean.warnings)


def test_own_export_comes_back(tmp_path):
    height, frames, rng = 1.8, 10, np.random.default_rng(1)
    body = skeleton.template(height)
    root = np.array([0.0, 0.0, 0.95]) + np.cumsum(rng.normal(size=(frames, 3)) * 0.01, axis=0)
    quats = rng.normal(size=(frames, 14, 4)) * 0.1 + np.array([1.0, 0, 0, 0])
    quats /= np.linalg.norm(quats, axis=-1, keepdims=True)
    write_bvh(Motion(body, 30.0, root, quats), tmp_path / "motion.bvh")
    found = bvh.read(tmp_path / "motion.bvh")
    names = found.observation.names
    assert set(names) == {*MOCAP18, "spine", "left_toe", "right_toe"}
    sites = skeleton.template_sites(names, height)
    truth = np.array(skeleton.site_positions(sites, *skeleton.forward_kinematics(body, root, quats)))
    neck = names.index("neck")
    truth[:, neck] = np.asarray(skeleton.forward_kinematics(body, root, quats)[0])[:, 3]
    np.testing.assert_allclose(found.observation.keypoints3d, truth, atol=1e-5)
    assert found.recording.unit == "cm"


_BROKEN = {
    "hierarchy": (lambda t: t.replace("HIERARCHY", "HIER"), "BVH"),
    "no motion": (lambda t: t.split("MOTION")[0], "BVH"),
    "missing channels": (
        lambda t: t.replace("3 Zrotation Xrotation Yrotation", "2 Zrotation Xrotation", 1),
        "channels",
    ),
    "channel count": (lambda t: t.replace("CHANNELS 3 Z", "CHANNELS 4 Z", 1), "channels"),
    "no channels": (lambda t: t.replace("\t\tCHANNELS 3 Zrotation Xrotation Yrotation\n", "", 1), "CHANNELS"),
    "frame count": (lambda t: t.replace("Frames: 12", "Frames: 15"), "says 15 frames but holds 12"),
    "truncated row": (lambda t: t[:-40], "truncated"),
    "truncated tree": (lambda t: t.replace("}\nMOTION", "MOTION"), "not closed"),
    "text in motion": (lambda t: t[:-12] + " abcdefghijk\n", "no number|numbers"),
    "nan": (lambda t: t[: t.rindex(" ")] + " nan\n", "not finite"),
    "frame time": (lambda t: t.replace("0.033333", "0"), "frame time"),
    "empty": (lambda t: "", "empty"),
    "rig": (lambda t: re.sub(r"OFFSET \S+ -4\S+", "OFFSET 0 0", re.sub("Left|Right", "Foo", t)), "known body points"),
}


@pytest.mark.parametrize("kind", _BROKEN)
def test_broken_files_are_refused_with_one_clear_line(tmp_path, kind):
    edit, message = _BROKEN[kind]
    path = tmp_path / "broken.bvh"
    _write(path, edit=edit)
    with pytest.raises(DataError, match=message) as caught:
        bvh.read(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def _length(observation, a, b):
    p = observation.keypoints3d
    return np.linalg.norm(p[:, observation.names.index(a)] - p[:, observation.names.index(b)], axis=-1)


def test_cmu_walk(samples):
    found = bvh.read(samples / "mocap/cmu/07_01_walk.bvh")
    observation = found.observation
    points = observation.keypoints3d
    assert points.shape == (316, 20, 3) and observation.fps == 120.0
    assert found.recording.scale == pytest.approx(0.0254 / 0.45)
    assert _length(observation, "left_hip", "left_knee").mean() == pytest.approx(0.391, abs=1e-3)
    assert _length(observation, "left_knee", "left_ankle").mean() == pytest.approx(0.418, abs=1e-3)
    np.testing.assert_allclose(np.percentile(points[..., 2].min(axis=1), [1, 5]), [-0.0028, 0.0058], atol=5e-4)
    pelvis = points[:, observation.names.index("pelvis")]
    assert pelvis[-1, 0] - pelvis[0, 0] == pytest.approx(3.58, abs=0.03)  # walks towards +x
    assert points[..., 2].max(axis=1).mean() == pytest.approx(1.445, abs=5e-3)


def test_every_cmu_clip(samples):
    splits = json.loads((samples / "mocap/cmu/splits.json").read_text())
    keys = [key for name, clips in splits.items() if name != "source" for key in clips]
    for key in keys:
        found = bvh.read(samples / f"mocap/cmu/{key}.bvh")
        assert any("rest pose" in w for w in found.warnings), key
        leg = _length(found.observation, "left_hip", "left_knee") + _length(
            found.observation, "left_knee", "left_ankle"
        )
        assert 0.75 < leg.mean() < 0.9 and np.ptp(leg) < 1e-6, key
        low = np.percentile(found.observation.keypoints3d[..., 2].min(axis=1), 5)
        assert -0.07 < low < 0.13, key  # 03_02 walks on raised ground, 08_* has a low floor
        speed = np.linalg.norm(np.diff(found.observation.keypoints3d[:, 0], axis=0), axis=-1) * found.observation.fps
        assert np.percentile(speed, 99) < 5.0, key
    assert len(keys) == 33
