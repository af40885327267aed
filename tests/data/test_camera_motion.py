"""A standing, a panning and a zooming camera told apart, with a person walking through the picture."""

import cv2
import numpy as np
import pytest

from motionrecon.data.camera_motion import CameraMotion

WIDTH, HEIGHT = 320, 180


def scene(seed=0):
    noise = np.random.default_rng(seed).integers(0, 255, (HEIGHT // 4, WIDTH // 2, 3), np.uint8)
    return cv2.resize(noise, (2 * WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


def film(look, background=None, seconds=3.0):
    """Show what ``look(t, wide picture)`` sees to a CameraMotion; a textured person walks through the picture."""
    motion, wide = CameraMotion(), scene() if background is None else background
    person = scene(1)[:90, :40]
    for time in np.arange(0.0, seconds, 1 / 30):
        image = np.ascontiguousarray(look(time, wide))
        at = int(40 + 60 * time)
        image[60:150, at : at + 40] = person
        motion.see(time, image)
    return motion.shift()


def zoom(time, wide):
    size = (round(WIDTH / (1 + 0.2 * time)), round(HEIGHT / (1 + 0.2 * time)))
    return cv2.resize(wide[: size[1], : size[0]], (WIDTH, HEIGHT))


def test_camera_that_stands():
    assert film(lambda t, wide: wide[:, :WIDTH]) == 0.0


def test_person_before_a_plain_wall():
    assert film(lambda t, wide: wide[:, :WIDTH], background=np.full((HEIGHT, 2 * WIDTH, 3), 128, np.uint8)) == 0.0


def test_panning_camera():
    shift = film(lambda t, wide: wide[:, int(40 * t) : int(40 * t) + WIDTH])
    assert shift == pytest.approx(40 * 0.3 / WIDTH, rel=0.25)


def test_zooming_camera():
    assert film(zoom) > 0.01


def test_one_knock_against_the_tripod():
    assert film(lambda t, wide: wide[:, 8 * (t > 1.5) : 8 * (t > 1.5) + WIDTH]) == 0.0


def test_no_frames():
    assert CameraMotion().shift() == 0.0
