"""The overlay shows the body where it is and writes a playable file, for film and mocap."""

import dataclasses

import cv2
import numpy as np
import pytest

from motionrecon.data.synthetic import synthetic_clips
from motionrecon.geometry import skeleton as skeletons
from motionrecon.results.report import overlay
from motionrecon.types import ControlTrajectory, FitResult, Rollout, SimState, Sites

POINTS = ("heel_outer", "heel_inner", "toe_outer", "toe_inner")


def fake_result(key: str, frames: int | None = None) -> FitResult:
    """Dress a synthetic motion as a fit: exact states, the weight shared by the points on the ground."""
    sequence = synthetic_clips.load(key)
    motion, height, mass = sequence.motion, 1.75, 70.0
    n = slice(0, frames)
    motion = type(motion)(motion.skeleton, motion.fps, motion.root_pos[n], motion.quats[n])
    names = motion.skeleton.names
    pos, rot = skeletons.forward_kinematics(motion.skeleton, motion.root_pos, motion.quats)
    soles = skeletons.template_soles(height)
    link, offset, contact_names = [], [], []
    for row, side in enumerate(("left", "right")):
        for point in POINTS:
            end = soles.heel[row] if "heel" in point else soles.toe[row]
            across = soles.half_width[row] * (1 if "outer" in point else -1)
            link.append(names.index(f"{side}_ankle"))
            offset.append(end + np.array([0, across, 0]))
            contact_names.append(f"{side}_{point}")
    contact = np.asarray(
        skeletons.site_positions(Sites(tuple(contact_names), np.array(link), np.array(offset)), pos, rot)
    )
    down = (contact[..., 2] < 0.01).astype(float)
    force = np.zeros_like(contact)
    force[..., 2] = mass * 9.81 * down / np.maximum(down.sum(1, keepdims=True), 1)
    observation = sequence.observation
    t, j = np.asarray(motion.quats).shape[:2]
    points = np.asarray(observation.keypoints3d)[n]
    observation = type(observation)(
        observation.fps,
        observation.names,
        observation.layout,
        np.asarray(observation.confidence)[n],
        np.asarray(observation.keypoints2d)[n],
        points,
        None,
        observation.camera,
    )
    states = SimState(motion.root_pos, motion.quats, np.zeros((t, 6 + 3 * (j - 1))))
    rollout = Rollout(states, np.asarray(pos), points, np.asarray(pos)[:, 0], np.zeros((t, j - 1, 3)), contact, force)
    return FitResult(
        observation,
        motion,
        points,
        motion,
        ControlTrajectory(np.asarray(motion.quats)[:, 1:]),
        rollout,
        skeletons.template_sites(observation.names, height),
        tuple(contact_names),
        height,
        mass,
        None,
        points,
        (),
        {},
        {},
        {},
        (),
        {},
        "synthetic",
    )


def read(path):
    capture, frames = cv2.VideoCapture(str(path)), []
    while True:
        ok, frame = capture.read()
        if not ok:
            return frames, capture.get(cv2.CAP_PROP_FPS)
        frames.append(frame)


def test_film_overlay_changes_the_picture_on_the_person_only(tmp_path):
    result = fake_result("walk/oblique", 6)
    blank = np.full((720, 1280, 3), 120, np.uint8)
    overlay.write_overlay(result, tmp_path / "o.mp4", iter([blank] * 6))
    frames, fps = read(tmp_path / "o.mp4")
    assert len(frames) == 6 and fps == pytest.approx(30.0)
    changed = np.abs(frames[3].astype(int) - 120).max(axis=2) > 30
    changed[660:] = False  # the line of text
    y, x = np.nonzero(changed)
    truth = np.asarray(result.observation.keypoints2d)[3]
    assert np.abs([x.min() - truth[:, 0].min(), x.max() - truth[:, 0].max()]).max() < 60
    assert abs(y.min() - truth[:, 1].min()) < 25
    pelvis = np.round(truth[result.observation.names.index("pelvis")]).astype(int)
    assert changed[pelvis[1], pelvis[0]]
    assert list(tmp_path.iterdir()) == [tmp_path / "o.mp4"]


def test_mocap_overlay_follows_the_person(tmp_path):
    result = fake_result("run/side", 20)
    pictures = overlay.write_overlay(result, tmp_path / "o.mp4")
    frames, _ = read(tmp_path / "o.mp4")
    assert [p.shape for p in pictures] == [(270, 480, 3)] * 6
    small = cv2.resize(frames[1], (480, 270), interpolation=cv2.INTER_AREA)
    assert np.abs(pictures[0].astype(float) - small).mean() < 2.0  # what the film shows there
    assert len(frames) == 20 and frames[0].shape == (720, 1280, 3)
    for frame in (frames[0], frames[-1]):
        blue = (frame[..., 0].astype(int) - frame[..., 2]) > 60
        x = np.nonzero(blue[:, :640])[1]
        assert len(x) > 2000 and abs(x.mean() - 320) < 130


def test_force_arrows_carry_the_body_weight():
    result = fake_result("wave/front", 10)
    arrows, dots, vertical = overlay._forces(result)
    assert vertical == pytest.approx(np.ones(10), abs=1e-6)
    assert len(arrows[0]) == 2 and len(dots[0]) == 8
    total = sum(vector for _, vector in arrows[0])
    assert total == pytest.approx([0, 0, 1], abs=1e-6)
    places = sorted(start[1] for start, _ in arrows[0])
    assert places[0] < -0.05 < 0.05 < places[1]


def test_broken_source_leaves_no_file(tmp_path):
    result = fake_result("jump/side", 4)

    def frames():
        yield np.zeros((720, 1280, 3), np.uint8)
        raise RuntimeError("source broke")

    with pytest.raises(RuntimeError):
        overlay.write_overlay(result, tmp_path / "o.mp4", frames())
    assert list(tmp_path.iterdir()) == []


def test_overlay_is_the_same_each_time(tmp_path):
    result = fake_result("walk/oblique", 5)
    for name in ("a.mp4", "b.mp4"):
        overlay.write_overlay(result, tmp_path / name)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_a_body_seen_small_is_drawn_coarse():
    result = fake_result("wave/front", 2)
    posed = overlay._posed(result)
    camera = result.observation.camera
    near = dataclasses.replace(camera, intrinsics=np.diag([4.0, 4.0, 1.0]) @ np.asarray(camera.intrinsics))
    fine, coarse = (len(overlay._surface(posed, 0, c).body.faces) for c in (near, camera))
    assert coarse < 0.6 * fine
