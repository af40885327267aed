"""Soles of synthetic feet: known planes, markers at any height over them, and frames that say nothing about them."""

import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motionrecon.fitting.initialize.mocap import sole_calibration
from motionrecon.geometry.joint_frames import joint_frames
from motionrecon.geometry.skeleton import SOLE, template, template_soles
from motionrecon.types import Motion, Observation, Sites

HEIGHT, FPS, FRAMES = 1.75, 30.0, 80
FEET = ("left_ankle", "right_ankle")
# m: ahead of and left of the ankle (right foot: mirrored), and the marker's height over the sole
POINTS = {"heel": (-0.07, 0.0, 0.035), "ball": (0.11, -0.03, 0.012), "small_toe": (0.09, 0.04, 0.02)}


@dataclasses.dataclass(frozen=True)
class Foot:
    """Pitch and roll (rad) of the flat foot's ankle frame, and the ankle's height over the sole (m)."""

    pitch: float = 0.0
    roll: float = 0.0
    drop: float = SOLE * HEIGHT

    def turn(self, side):  # the ankle's frame while the sole is level
        return Rotation.from_euler("xy", [self.roll if side == "left" else -self.roll, self.pitch])


def phases():
    """Frames of standing, push-off on the ball, swing, standing again."""
    frame = np.arange(FRAMES)
    return {
        "stand": (frame < 25) | (frame >= 60),
        "push": (frame >= 25) & (frame < 40),
        "swing": (frame >= 40) & (frame < 60),
    }


def walk(foot: Foot, markers=tuple(POINTS), push=True):
    """A person who stands, rises on the balls of both feet, swings forward through the air and stands again."""
    skeleton = template(HEIGHT)
    when = phases()
    ball = np.array([POINTS["ball"][0], 0.0, -foot.drop])  # pivot from the ankle, in level axes
    pitch, center = np.zeros(FRAMES), np.tile([0.0, 0.0, foot.drop], (FRAMES, 1))
    if push:
        pitch[when["push"]] = np.linspace(0.03, 0.6, when["push"].sum())
        for t in np.flatnonzero(when["push"]):
            lift = Rotation.from_euler("y", pitch[t]).apply(-ball)
            center[t] = center[0] + ball + lift
    share = np.linspace(0.0, 1.0, when["swing"].sum() + 2)[1:-1]
    center[when["swing"], 2] += 0.25 * np.sin(np.pi * share)
    center[when["swing"], 0] += 1.2 * share
    center[60:, 0] += 1.2
    quats = np.zeros((FRAMES, len(skeleton.names), 4))
    quats[..., 0] = 1.0
    for side, name in zip(("left", "right"), FEET, strict=True):
        turn = Rotation.from_rotvec(pitch[:, None] * [0.0, 1.0, 0.0]) * foot.turn(side)
        quats[:, skeleton.names.index(name)] = np.roll(turn.as_quat(), 1, axis=-1)
    low = joint_frames(skeleton, np.zeros((1, 3)), quats[:1])[0][0, skeleton.names.index(FEET[0])]
    motion = Motion(skeleton, FPS, center - [low[0], 0.0, low[2]], quats)
    names, link, offset = [], [], []
    for side, name in zip(("left", "right"), FEET, strict=True):
        for marker in markers:
            x, y, z = POINTS[marker]
            level = np.array([x, y if side == "left" else -y, z - foot.drop])
            names.append(f"{side}_{marker}")
            link.append(skeleton.names.index(name))
            offset.append(foot.turn(side).inv().apply(level))
    sites = Sites(tuple(names), np.array(link), np.array(offset))
    seen = Observation(FPS, sites.names, "test", np.ones((FRAMES, len(names))), keypoints3d=np.zeros((FRAMES, 1, 3)))
    return motion, sites, seen


def heights(motion, soles, when):
    """Heights (t, 2, 4) m of the corners of heels and balls."""
    pos, rot = joint_frames(motion.skeleton, motion.root_pos, motion.quats)
    rows = [motion.skeleton.names.index(n) for n in FEET]
    corners = sole_calibration.sole_corners(soles).reshape(2, 4, 3)
    return (pos[:, rows][:, :, None, 2] + np.einsum("tfi,fci->tfc", rot[:, rows, 2], corners))[when]


TILTS = [Foot(), Foot(pitch=0.2), Foot(roll=0.15), Foot(pitch=-0.15, roll=-0.2, drop=0.085), Foot(0.1, 0.1, 0.05)]


@pytest.mark.parametrize("foot", TILTS)
@pytest.mark.parametrize("markers", [tuple(POINTS), ("ball",), ("heel", "ball"), ("ball", "small_toe")])
def test_soles_are_level_where_the_feet_stand(foot, markers):
    motion, sites, seen = walk(foot, markers)
    soles = sole_calibration.calibrate_soles(motion, sites, seen, HEIGHT)
    assert np.abs(heights(motion, soles, phases()["stand"])).max() < 1e-3
    # toes lie in the same plane, and across is level, at right angles to the foot and of unit length
    pos, rot = joint_frames(motion.skeleton, motion.root_pos, motion.quats)
    for i, name in enumerate(FEET):
        j = motion.skeleton.names.index(name)
        assert abs(pos[0, j, 2] + rot[0, j, 2] @ soles.toe[i]) < 1e-3
        left = rot[0, j] @ soles.across[i]
        assert np.linalg.norm(left) == pytest.approx(1.0) and abs(left[2]) < 1e-2 and left[1] > 0.9
        assert abs(soles.across[i] @ (soles.ball[i] - soles.heel[i])) < 1e-9


@pytest.mark.parametrize("foot", TILTS)
def test_push_off_does_not_matter(foot):
    with_push, without = (sole_calibration.calibrate_soles(*walk(foot, push=push), HEIGHT) for push in (True, False))
    for name in ("heel", "ball", "toe"):
        np.testing.assert_allclose(getattr(with_push, name), getattr(without, name), atol=1e-3)


@pytest.mark.parametrize("jump", [(0.0, 0.0, 0.5), (0.0, 0.0, -0.4), (0.3, 0.0, 0.0), (0.0, 0.0, 0.012)])
def test_one_wild_frame_does_not_matter(jump):
    motion, sites, seen = walk(TILTS[3])
    root, quats = np.array(motion.root_pos), np.array(motion.quats)
    root[10] += jump
    for name in FEET:
        quats[10, motion.skeleton.names.index(name)] = [np.cos(0.4), np.sin(0.4), 0.0, 0.0]
    wild = dataclasses.replace(motion, root_pos=root, quats=quats)
    soles = sole_calibration.calibrate_soles(wild, sites, seen, HEIGHT)
    assert np.abs(heights(motion, soles, phases()["stand"])).max() < 1e-3


def test_markers_give_the_outline():
    motion, sites, seen = walk(Foot())
    soles = sole_calibration.calibrate_soles(motion, sites, seen, HEIGHT)
    assert soles.heel[0, 0] == pytest.approx(POINTS["heel"][0] - 0.003 * HEIGHT)
    assert soles.ball[0, :2] == pytest.approx([0.10, 0.005])  # between the first and the fifth metatarsal
    assert soles.half_width == pytest.approx([0.035, 0.035])
    np.testing.assert_allclose(soles.ball[1], soles.ball[0] * [1, -1, 1], atol=1e-9)
    assert (soles.toe[:, 0] > soles.ball[:, 0]).all()


def test_a_clip_without_flat_frames_falls_back_on_the_lowest_forefoot():
    """On the move all the time: level with the ankle's frame, under the forefoot's lowest place."""
    motion, sites, seen = walk(Foot())
    root = np.array(motion.root_pos)
    root[:, 0] = 4.0 * np.arange(FRAMES) / FPS
    running = dataclasses.replace(motion, root_pos=root)
    soles = sole_calibration.calibrate_soles(running, sites, seen, HEIGHT)
    under = sites.offset[sites.names.index("left_ball"), 2] - POINTS["ball"][2]
    for points in (soles.heel, soles.ball, soles.toe):
        np.testing.assert_allclose(points[:, 2], under, atol=2e-3)
    np.testing.assert_allclose(soles.across[:, 2], 0.0, atol=1e-12)


def test_feet_without_a_forefoot_keep_the_average_sole():
    motion, sites, seen = walk(Foot(pitch=0.2), markers=("heel",))
    soles = sole_calibration.calibrate_soles(motion, sites, seen, HEIGHT)
    for field in dataclasses.fields(soles):
        np.testing.assert_array_equal(getattr(soles, field.name), getattr(template_soles(HEIGHT), field.name))


def test_thick_soles_lie_lower_under_the_ankle():
    """A sole of 6 cm more than usual is beyond what is believed without being told."""
    thick = 0.06
    motion, sites, seen = walk(Foot(drop=SOLE * HEIGHT + thick))
    told = sole_calibration.calibrate_soles(motion, sites, seen, HEIGHT, thick)
    for points in (told.heel, told.ball, told.toe):
        np.testing.assert_allclose(points[:, 2], -SOLE * HEIGHT - thick, atol=2e-3)
    untold = sole_calibration.calibrate_soles(motion, sites, seen, HEIGHT)
    np.testing.assert_allclose(untold.heel[:, 2], -SOLE * HEIGHT - sole_calibration.MOST_DROP, atol=2e-3)
    motion, sites, seen = walk(Foot(), markers=("heel",))  # unseen forefeet: the average sole, lower
    average = sole_calibration.calibrate_soles(motion, sites, seen, HEIGHT, thick)
    np.testing.assert_allclose(average.toe[:, 2], template_soles(HEIGHT).toe[:, 2] - thick)


def test_impossible_tilts_and_drops_are_bounded():
    motion, sites, seen = walk(Foot(pitch=0.55, drop=0.3))
    soles = sole_calibration.calibrate_soles(motion, sites, seen, HEIGHT)
    along = soles.ball - soles.heel
    assert (np.abs(np.arctan2(along[:, 2], along[:, 0])) < sole_calibration.MOST_TILT + 1e-6).all()
    normal = np.cross(along, soles.across)
    distance = np.abs(np.sum(normal * soles.heel, axis=1)) / np.linalg.norm(normal, axis=1)
    assert distance == pytest.approx(SOLE * HEIGHT + sole_calibration.MOST_DROP)
