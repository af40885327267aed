"""The trunk of the figure: one smooth skin from the seat to the collar, shared by pelvis, spine and chest; the neck."""

from __future__ import annotations

import numpy as np

from motionrecon.render import shapes
from motionrecon.render.limbs import Frame, Palette
from motionrecon.render.shapes import Part

# Height along the trunk (0 pelvis joint, 1 neck joint), half width, half depth, forward shift; the last three are
# fractions of stature.
_ROWS = (
    (-0.16, 0.022, 0.038, -0.004), (-0.08, 0.074, 0.058, -0.006), (0.03, 0.097, 0.067, -0.008),
    (0.16, 0.091, 0.063, -0.002), (0.34, 0.079, 0.056, 0.004), (0.48, 0.084, 0.060, 0.005),
    (0.62, 0.093, 0.067, 0.004), (0.76, 0.098, 0.068, 0.000), (0.86, 0.094, 0.060, -0.005),
    (0.93, 0.076, 0.049, -0.009), (1.00, 0.045, 0.037, -0.010),
)  # fmt: skip
_SIDES = 28
_BELT = 0.14  # where the shirt ends, on the same scale


def _trunk(frame: Frame, palette: Palette) -> list[Part]:
    pelvis, neck = frame.joint("pelvis"), frame.joint("neck")
    rows = shapes.smooth_rows(_ROWS, 26)
    t = rows[:, 0]
    hips = abs(frame.joint("left_hip")[1] - frame.joint("right_hip")[1]) / (0.104 * frame.height)
    shoulders = abs(frame.joint("left_shoulder")[1] - frame.joint("right_shoulder")[1]) / (0.216 * frame.height)
    wide = np.interp(t, [0.1, 0.7], [np.clip(hips, 0.85, 1.25), np.clip(shoulders, 0.85, 1.2)])
    centers = pelvis + t[:, None] * (neck - pelvis) + rows[:, 3:] * np.array([[frame.height, 0, 0]])
    radii = rows[:, 1:3] * frame.height * np.stack([wide, np.ones_like(wide)], axis=1)
    part = shapes.loft(
        centers, radii, palette.shirt, frame.link("pelvis"), sides=_SIDES, power=2.3, gloss=palette.cloth_gloss,
        steps=(1, 2),
    )  # fmt: skip
    up = (neck - pelvis) / ((neck - pelvis) @ (neck - pelvis))
    level = (part.vertices - pelvis) @ up
    ring = np.append(np.repeat(level[:-2].reshape(-1, _SIDES).mean(1), _SIDES), level[-2:])  # color by whole rings
    part.colors[:] = np.where((ring < _BELT)[:, None], palette.trousers, palette.shirt)
    hem = (t > _BELT - 0.07) & (t < _BELT + 0.22)
    shirt = shapes.loft(
        centers[hem],
        radii[hem] * np.linspace(1.05, 0.985, hem.sum())[:, None],
        palette.shirt,
        frame.link("pelvis"),
        sides=_SIDES,
        power=2.3,
        gloss=palette.cloth_gloss,
        caps=1,
        steps=(1, 2),
    )
    hem_level = (shirt.vertices - pelvis) @ up
    return [_share_spine(frame, part, level, up, pelvis), _share_spine(frame, shirt, hem_level, up, pelvis)]


def _share_spine(frame: Frame, part: Part, level, up, pelvis) -> Part:
    """Blend pelvis into spine and spine into chest around the two joints of the trunk."""
    spine, chest = ((frame.joint(n) - pelvis) @ up for n in ("spine", "chest"))
    half = 0.5 * max(chest - spine, 0.1)
    upper = level > 0.5 * (spine + chest)
    first = np.where(upper, frame.link("spine"), frame.link("pelvis"))
    second = np.where(upper, frame.link("chest"), frame.link("spine"))
    weight = np.where(
        upper,
        shapes.smoothstep(level, chest - half, chest + half),
        shapes.smoothstep(level, spine - half, spine + half),
    )
    part.links[:, 0], part.links[:, 1], part.weight[:] = first, second, weight
    return part


def _neck(frame: Frame, palette: Palette) -> list[Part]:
    h = frame.height
    base = frame.joint("neck")
    rows = shapes.smooth_rows(
        (
            (-0.030, 0.046, 0.040, -0.010),
            (0.0, 0.036, 0.036, -0.007),
            (0.03, 0.0325, 0.034, 0.000),
            (0.075, 0.033, 0.036, 0.006),
        ),
        8,
    )
    centers = base + np.stack([rows[:, 3], np.zeros(8), rows[:, 0]], axis=1) * h
    tube = shapes.loft(centers, rows[:, 1:3] * h, palette.skin, frame.link("neck"), sides=18)
    weight = shapes.smoothstep(tube.vertices[:, 2] - base[2], -0.02 * h, 0.05 * h)
    parts = [shapes.share(tube, frame.link("chest"), frame.link("neck"), weight)]
    if palette.clothed:
        ring = base + np.array([[-0.009, 0, -0.008], [-0.006, 0, 0.006]]) * h
        parts.append(
            shapes.loft(
                ring, np.array([[0.045, 0.041], [0.041, 0.040]]) * h, palette.shirt, frame.link("chest"), caps=2
            )
        )
    return parts


def _seat(frame: Frame, palette: Palette) -> list[Part]:
    """Round the buttocks, which turn with the pelvis."""
    h, out = frame.height, []
    for side in ("left", "right"):
        hip = frame.joint(f"{side}_hip")
        out.append(
            shapes.ellipsoid(
                hip + np.array([-0.022, 0, -0.010]) * h,
                np.array([0.050, 0.048, 0.056]) * h,
                palette.trousers,
                frame.link("pelvis"),
                gloss=palette.cloth_gloss,
                subdivisions=2,
                keep=True,
            )
        )
    return out


def build(frame: Frame, palette: Palette) -> list[Part]:
    """Model trunk, seat and neck."""
    return [*_trunk(frame, palette), *_seat(frame, palette), *_neck(frame, palette)]
