"""One walk under every school's names gives one person; what is no person is refused by name."""

import dataclasses

import numpy as np
import pytest

from motionrecon.data.formats import bvh, rig
from motionrecon.errors import DataError
from motionrecon.geometry.keypoints import MOCAP18
from tests.fixtures.rig_files import SCHOOLS, School, write


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The walk under CMU's names, read by hand: canonical name -> (T, 3) m."""
    path = write(tmp_path_factory.mktemp("rig") / "cmu.bvh", SCHOOLS["cmu"])
    nodes, motion, _ = bvh.parse(path)
    at = bvh.forward_kinematics(nodes, motion)[..., [2, 0, 1]] / 100.0
    labels = [n.name for n in nodes]
    limbs = {
        "hip": "UpLeg", "knee": "Leg", "ankle": "Foot", "ball": "ToeBase", "shoulder": "Arm", "elbow": "ForeArm",
        "wrist": "Hand", "toe": "ToeBase end",
    }  # fmt: skip
    names = {"pelvis": "Hips", "chest": "Spine", "neck": "Neck", "head_top": "Head end"}
    names |= {f"{s.lower()}_{k}": s + v for s in ("Left", "Right") for k, v in limbs.items()}
    return {name: at[:, labels.index(label)] for name, label in names.items()}


def _off(sequence, plain, without=()):
    observation = sequence.observation
    assert set(observation.names) >= set(MOCAP18) - set(without), set(MOCAP18) - set(observation.names)
    off = [
        np.abs(observation.keypoints3d[:, k] - plain[name]).max() if name in plain else np.inf
        for k, name in enumerate(observation.names)
    ]
    return dict(zip(observation.names, off, strict=True))


@pytest.mark.parametrize("school", SCHOOLS)
def test_every_school_gives_the_same_person(tmp_path, plain, school):
    off = _off(bvh.read(write(tmp_path / "a.bvh", SCHOOLS[school])), plain)
    assert max(off.values()) < 1e-3, {n: v for n, v in off.items() if v > 1e-3}


@pytest.mark.parametrize("school", ["cmu", "daz genesis 8", "no names"])
def test_a_prop_is_left_out(tmp_path, plain, school):
    found = bvh.read(write(tmp_path / "a.bvh", SCHOOLS[school], prop="Ball"))
    assert max(_off(found, plain).values()) < 1e-3
    assert any("Ball" in w for w in found.warnings)


def test_two_people_are_refused(tmp_path):
    path = write(tmp_path / "a.bvh", SCHOOLS["cmu"])
    head, motion = path.read_text().split("MOTION\n")
    tree = head.removeprefix("HIERARCHY\n")
    rows = motion.splitlines()
    text = "HIERARCHY\n" + tree + tree + "MOTION\n" + "\n".join(rows[:2] + [f"{r} {r}" for r in rows[2:]]) + "\n"
    path.write_text(text)
    with pytest.raises(DataError, match="more than one character"):
        bvh.read(path)


_LIMBS = ("UpLeg", "Leg", "Foot", "ToeBase", "Shoulder", "Arm", "ForeArm", "Hand")


@pytest.mark.parametrize("limb", _LIMBS)
@pytest.mark.parametrize("side", [("Left", "Right"), ("Left",)])
def test_any_one_unknown_name_is_told_by_the_tree(tmp_path, plain, limb, side):
    path = write(tmp_path / "a.bvh", SCHOOLS["cmu"])
    text = path.read_text()
    for s in side:
        text = text.replace(f"JOINT {s}{limb}\n", f"JOINT {s}Xyz\n")
    path.write_text(text)
    assert max(_off(bvh.read(path), plain).values()) < 1e-3


@pytest.mark.parametrize("thigh", ["{}ThighBend", "{}UpLeg"])
def test_a_joint_inside_the_pelvis_that_is_called_hip(tmp_path, plain, thigh):
    names = SCHOOLS["cmu"].names.replace("{}UpLeg", thigh)
    school = dataclasses.replace(SCHOOLS["cmu"], names=names, twists=(("hip", "{}Hip"),))
    assert max(_off(bvh.read(write(tmp_path / "a.bvh", school)), plain).values()) < 1e-3


def test_arms_that_are_called_legs_are_refused(tmp_path):
    legs, arms = ("{}UpLeg", "{}Leg", "{}Foot", "{}ToeBase"), ("{}Arm", "{}ForeArm", "{}Hand", "{}Finger")
    swap = {"{}Shoulder": "{}Clavicle", **dict(zip(legs, arms, strict=True)), **dict(zip(arms, legs, strict=True))}
    names = " ".join(swap.get(word, word) for word in SCHOOLS["cmu"].names.split())
    path = write(tmp_path / "a.bvh", School(names))
    with pytest.raises(DataError, match=r"contradict each other: LeftLeg \(left knee by its name\)"):
        bvh.read(path)


def test_root_on_the_floor_is_no_pelvis(tmp_path, plain):
    school = School(SCHOOLS["kinect"].names, above=("Root",))
    found = bvh.read(write(tmp_path / "a.bvh", school))
    assert found.recording.labels["pelvis"] == "SpineBase"


def _without(path, lost):
    """Return a file's rig without the joints that ``lost`` says, and its motion, standing still where none is given."""
    nodes, motion, _ = bvh.parse(path)
    keep = [i for i, n in enumerate(nodes) if not n.name.startswith(lost)]
    labels = tuple("" if nodes[i].end else nodes[i].name for i in keep)
    parents = tuple(keep.index(nodes[i].parent) if nodes[i].parent >= 0 else -1 for i in keep)
    return labels, parents, nodes, motion, keep


def test_half_a_person_is_refused_by_name(tmp_path):
    path = write(tmp_path / "a.bvh", SCHOOLS["cmu"])
    labels, parents, nodes, motion, keep = _without(path, ("RightLeg", "RightFoot", "RightToe"))
    at = bvh.forward_kinematics(nodes, motion)[:, keep]
    with pytest.raises(DataError, match=r"right knee, right ankle lack.*LeftUpLeg") as caught:
        rig.locate(path, rig.Rig(labels, parents, at))
    assert "\n" not in str(caught.value) and "left" not in str(caught.value).split("(joints")[0]


def test_sides_that_nothing_tells_are_refused(tmp_path):
    path = write(tmp_path / "a.bvh", SCHOOLS["no names"])
    labels, parents, nodes, motion, keep = _without(path, "k4")
    at = bvh.forward_kinematics(nodes, 0 * motion)[:, keep]  # straight legs without feet
    with pytest.raises(DataError, match="which of k1x and k1y is left"):
        rig.locate(path, rig.Rig(labels, parents, at))


@pytest.mark.dataset
@pytest.mark.parametrize(
    ("case", "pelvis", "hip"),
    [
        ("11-rig-unknown-prefix", "Robot_Hips", "Robot_LeftUpLeg"),
        ("13-rig-some-names-unknown", "hip", "lThighBend"),
        ("14-rig-root-on-the-floor", "SpineBase", "LeftUpLeg"),
    ],
)
def test_cases(samples, case, pelvis, hip):
    path = samples / f"cases/{case}.bvh"
    found = bvh.read(path)
    assert found.recording.labels["pelvis"] == pelvis and found.recording.labels["left_hip"] == hip
    nodes, motion, _ = bvh.parse(path)
    at = bvh.forward_kinematics(nodes, motion)[..., [2, 0, 1]] * 0.0254 / 0.45
    labels = [n.name for n in nodes]
    assert set(found.observation.names) >= set(MOCAP18)
    for name, label in found.recording.labels.items():
        k = found.observation.names.index(name)
        np.testing.assert_allclose(
            np.asarray(found.observation.keypoints3d)[:, k], at[:, labels.index(label)], atol=1e-3
        )
    thigh = np.diff(np.asarray(found.observation.keypoints3d)[:, [4, 5]], axis=1)
    assert found.observation.names[4:6] == ("left_hip", "left_knee")
    np.testing.assert_allclose(np.linalg.norm(thigh, axis=-1), 0.391, atol=1e-3)  # of subject 7


@pytest.mark.dataset
@pytest.mark.parametrize("clip", ["07_01_walk", "05_03", "06_09", "03_02"])
def test_recordings_whose_names_are_lost(samples, clip):
    path = samples / f"mocap/cmu/{clip}.bvh"
    nodes, motion, _ = bvh.parse(path)
    at = bvh.forward_kinematics(nodes, motion[1:])
    parents = tuple(n.parent for n in nodes)
    known, _ = rig.locate(path, rig.Rig(tuple("" if n.end else n.name for n in nodes), parents, at))
    lost = tuple("" if n.end else f"j{i}" for i, n in enumerate(nodes))
    found, notes = rig.locate(path, rig.Rig(lost, parents, at))
    middle = {"neck"}  # the vertebra that is called neck is not told by the tree
    assert set(found) == set(known) and len(notes) == 2
    for name in set(known) - middle:
        np.testing.assert_allclose(at[:, found[name]], at[:, known[name]], atol=1e-9, err_msg=name)


_STRANGE = {
    "sword": ("Sword", "wrist", (0.0, 0.9, 0.0)),
    "hair": ("Hair{}", "head", (0.1, -0.8, -0.1)),
    "wings": ("Wing{}", "spine3", (0.8, 0.3, -0.1)),
    "tail": ("Tail", "pelvis", (0.0, -0.3, -0.5)),
    "skirt": ("Skirt{}", "pelvis", (0.2, -0.5, 0.0)),
    "heels": ("Heel{}", "ankle", (0.0, -0.07, -0.04)),
}


@pytest.mark.parametrize("school", ["cmu", "no names"])
@pytest.mark.parametrize("what", _STRANGE)
def test_what_hangs_on_a_body_is_no_limb(tmp_path, plain, school, what):
    odd = dataclasses.replace(SCHOOLS[school], leaves=(_STRANGE[what],))
    assert max(_off(bvh.read(write(tmp_path / "a.bvh", odd)), plain).values()) < 1e-3


def test_legs_alone_are_read_by_name(tmp_path, plain):
    path = write(tmp_path / "a.bvh", SCHOOLS["cmu"])
    labels, parents, nodes, motion, keep = _without(path, ("LowerBack", "Spine", "Neck", "Head", *(
        s + w for s in ("Left", "Right") for w in ("Shoulder", "Arm", "ForeArm", "Hand")
    )))  # fmt: skip
    at = bvh.forward_kinematics(nodes, motion)[:, keep]
    found, _ = rig.locate(path, rig.Rig(labels, parents, at))
    assert labels[found["left_hip"]] == "LeftUpLeg" and labels[found["right_ankle"]] == "RightFoot"
    assert not {"left_shoulder", "neck", "head_top"} & set(found)
    lost = tuple(f"j{i}" if label else "" for i, label in enumerate(labels))
    with pytest.raises(DataError, match="lack"):
        rig.locate(path, rig.Rig(lost, parents, at))  # a pair of limbs without names may be arms
