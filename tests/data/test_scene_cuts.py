"""Cuts are found; motion, flashes and black frames are none."""

import cv2
import numpy as np

from motionrecon.data.scene_cuts import CutFinder


def scene_cuts(images):
    finder = CutFinder()
    return [index for index, image in enumerate(images) if finder.starts_shot(image)]


def _scene(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (9, 16, 3)).astype(np.uint8)
    return cv2.resize(noise, (320, 180), interpolation=cv2.INTER_CUBIC)


def _with_person(scene: np.ndarray, x: int) -> np.ndarray:
    frame = scene.copy()
    frame[60:160, x : x + 40] = (30, 90, 160)
    return frame


def test_hard_cuts_are_found_among_motion():
    one, two = _scene(0), _scene(1)
    film = [_with_person(one, 4 * i) for i in range(20)] + [_with_person(two, 200 - 4 * i) for i in range(20)]
    film += [_with_person(one, 100)] * 5
    assert scene_cuts(film) == [20, 40]


def test_panning_flash_and_black_are_no_cuts():
    wide = cv2.resize(_scene(2), (960, 180))
    panning = [wide[:, 12 * i : 12 * i + 320] for i in range(40)]
    assert scene_cuts(panning) == []
    scene = _scene(3)
    bright = np.clip(scene.astype(int) // 2 + 120, 0, 255).astype(np.uint8)
    black = np.zeros_like(scene)
    assert scene_cuts([scene, scene, bright, scene, scene, black, black, scene]) == []


def test_cut_between_real_films(samples):
    from motionrecon.data.video import frame_times, probe, read_frames

    frames = []
    for name in ("sports2d/walk_single_crop.mp4", "pose2sim/cam03.mp4"):
        info = probe(samples / "video" / name)
        times = frame_times(info, 30.0, (0.0, 1.0))
        frames += [cv2.resize(image, (320, 180)) for _, image in read_frames(info.path, times)]
    assert scene_cuts(frames) == [30]
