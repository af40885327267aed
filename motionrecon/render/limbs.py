"""Arms, hands, legs and shoes of the figure; skin is shared across elbows and knees, spheres cover the joints."""

from __future__ import annotations

import dataclasses

import numpy as np

from motionrecon.render import shapes
from motionrecon.render.shapes import Color, Part


@dataclasses.dataclass(frozen=True)
class Palette:
    """Colors of a figure, BGR in 0..1; ``clothed`` adds sleeves, a collar and room in the trousers."""

    skin: Color
    shirt: Color
    trousers: Color
    shoes: Color
    sole: Color
    hair: Color = (0.10, 0.14, 0.20)
    clothed: bool = True
    cloth_gloss: float = 0.12


@dataclasses.dataclass(frozen=True)
class Frame:
    """The rest pose to build on: joint names, (J, 3) m positions in the pelvis frame, stature in m."""

    names: tuple[str, ...]
    rest: np.ndarray
    height: float

    def link(self, name: str) -> int:
        """Return the index of a joint."""
        return self.names.index(name)

    def joint(self, name: str) -> np.ndarray:
        """Return the rest position (3,) m of a joint."""
        return self.rest[self.names.index(name)]


# Place along the limb (0..1 first bone, 1..2 second bone), half size sideways, half size in depth, forward shift;
# sizes are fractions of stature. Arms: "sideways" is up and down in the T-pose.
_LEG = (
    (0.00, 0.046, 0.052, 0.000), (0.12, 0.050, 0.055, 0.001), (0.35, 0.046, 0.050, 0.003),
    (0.60, 0.039, 0.042, 0.004), (0.85, 0.032, 0.034, 0.003), (1.00, 0.030, 0.033, 0.003),
    (1.12, 0.029, 0.031, -0.002), (1.30, 0.031, 0.034, -0.008), (1.50, 0.027, 0.029, -0.007),
    (1.75, 0.020, 0.021, -0.003), (1.92, 0.018, 0.020, 0.000), (2.00, 0.0185, 0.021, 0.000),
)  # fmt: skip
_TROUSERS = (
    (0.00, 0.048, 0.055, 0.000), (0.12, 0.053, 0.058, 0.000), (0.35, 0.049, 0.053, 0.002),
    (0.60, 0.043, 0.046, 0.003), (0.85, 0.037, 0.039, 0.002), (1.00, 0.035, 0.038, 0.002),
    (1.12, 0.034, 0.036, -0.002), (1.30, 0.034, 0.037, -0.006), (1.50, 0.031, 0.034, -0.005),
    (1.75, 0.028, 0.031, -0.002), (1.88, 0.0275, 0.031, 0.001), (1.93, 0.0275, 0.031, 0.001),
)  # fmt: skip
_ARM = (
    (0.22, 0.0285, 0.0295, 0.000), (0.45, 0.0265, 0.027, 0.001), (0.80, 0.0225, 0.0225, 0.0),
    (1.00, 0.0215, 0.0205, -0.001), (1.15, 0.022, 0.0225, 0.000), (1.35, 0.0215, 0.022, 0.001),
    (1.70, 0.016, 0.018, 0.0), (1.95, 0.0128, 0.0160, 0.000), (2.00, 0.0128, 0.0160, 0.000),
)  # fmt: skip


def _limb(
    frame: Frame, rows, joints, end, color, *, side, gloss: float, count: int = 20, blend: float = 0.22, step: int = 1
) -> Part:
    """Loft a two-bone limb through its joints and share the skin around the middle one; ``step``: see ``loft``."""
    a, b = (frame.joint(n) for n in joints)
    end = np.asarray(end, float)
    rows = shapes.smooth_rows(rows, count)
    t = rows[:, :1]
    centers = np.where(t < 1, a + t * (b - a), b + (t - 1) * (end - b)) + rows[:, 3:] * np.array([[frame.height, 0, 0]])
    part = shapes.loft(
        centers, rows[:, 1:3] * frame.height, color, frame.link(joints[0]), side=side, gloss=gloss, sides=20,
        steps=(1, step),
    )  # fmt: skip
    axis = (end - a) / np.linalg.norm(end - a)
    middle = (b - a) @ axis
    along = ((part.vertices - a) @ axis - middle) / (0.245 * frame.height)
    return shapes.share(part, frame.link(joints[0]), frame.link(joints[1]), shapes.smoothstep(along, -blend, blend))


def leg(frame: Frame, palette: Palette, side: str) -> list[Part]:
    """Model one leg down to the ankle."""
    h, knee = frame.height, f"{side}_knee"
    rows = _TROUSERS if palette.clothed else _LEG
    ankle = frame.joint(f"{side}_ankle")
    color, gloss = palette.trousers, palette.cloth_gloss
    skin = _limb(frame, rows, (f"{side}_hip", knee), ankle, color, side=(0, 1, 0), gloss=gloss)
    size = np.array([0.034, 0.033, 0.040]) if palette.clothed else np.array([0.031, 0.029, 0.036])
    cap = shapes.ellipsoid(
        frame.joint(knee) + np.array([0.004, 0, 0]) * h, size * h, color, frame.link(knee), gloss=gloss,
        subdivisions=2, keep=True,
    )  # fmt: skip
    cap = shapes.share(cap, frame.link(f"{side}_hip"), frame.link(knee), np.full(len(cap.vertices), 0.5))
    sock = shapes.loft(
        np.linspace(ankle + np.array([0, 0, 0.035 * h]), ankle + np.array([0.002 * h, 0, -0.008 * h]), 4),
        np.tile(np.array([0.0185, 0.021]) * h, (4, 1)),
        palette.shoes if palette.clothed else color,
        frame.link(knee),
        sides=14,
        caps=2,
    )
    weight = shapes.smoothstep(ankle[2] - sock.vertices[:, 2], -0.02 * h, 0.006 * h)
    return [skin, cap, shapes.share(sock, frame.link(knee), frame.link(f"{side}_ankle"), weight)]


def arm(frame: Frame, palette: Palette, side: str) -> list[Part]:
    """Model one arm with its hand; the wrist does not bend."""
    h, out = frame.height, 1.0 if side == "left" else -1.0
    shoulder, elbow = f"{side}_shoulder", f"{side}_elbow"
    along = frame.joint(elbow) - frame.joint(shoulder)
    wrist = frame.joint(elbow) + along / np.linalg.norm(along) * 0.150 * h
    skin = _limb(frame, _ARM, (shoulder, elbow), wrist, palette.skin, side=(0, 0, 1), gloss=0.2, blend=0.16, step=2)
    parts = [skin, *_hand(frame, palette, side, wrist, out)]
    reach = 0.62 if palette.clothed else 0.42
    rows = shapes.smooth_rows(
        (
            (-0.02, 0.0235, 0.0250),
            (0.07, 0.0285, 0.0300),
            (0.22, 0.0318, 0.0330),
            (0.36, 0.0315, 0.0325),
            (reach, 0.0295, 0.0305),
        ),
        10,
    )
    sleeve = shapes.loft(
        frame.joint(shoulder) + rows[:, :1] * along,
        rows[:, 1:] * h,
        palette.shirt,
        frame.link(shoulder),
        side=(0, 0, 1),
        gloss=palette.cloth_gloss,
        caps=3,
        sides=20,
        steps=(1, 2),
    )
    t = np.linspace(0.0, 1.0, 7)[:, None]
    tip = frame.joint(shoulder)
    yoke = shapes.loft(  # carries the slope of the shoulder from the collar to the arm, whatever the arm does
        tip * np.array([1, 0.22, 1]) * (1 - t)
        + tip * np.array([1, 0.97, 1]) * t
        + np.array([-0.006, 0, -0.007]) * h * (1 - t),
        (np.array([[0.050, 0.040]]) * (1 - t) + np.array([[0.0310, 0.0265]]) * t) * h,
        palette.shirt,
        frame.link("chest"),
        side=(1, 0, 0),
        gloss=palette.cloth_gloss,
        sides=20,
        steps=(1, 1),
    )
    parts += [sleeve, yoke]
    return parts


def _hand(frame: Frame, palette: Palette, side: str, wrist, out: float) -> list[Part]:
    """Model palm and closed fingers as one mitten, slightly curled, with a thumb towards +x."""
    h, link = frame.height, frame.link(f"{side}_elbow")
    rows = shapes.smooth_rows(
        (
            (-0.006, 0.0150, 0.0125, 0.0),
            (0.015, 0.0185, 0.013, 0.0),
            (0.045, 0.0215, 0.0125, 0.001),
            (0.062, 0.0208, 0.0115, 0.003),
            (0.082, 0.0175, 0.0095, 0.008),
            (0.094, 0.013, 0.0075, 0.013),
        ),
        10,
    )
    centers = wrist + np.stack([np.zeros(10), rows[:, 0] * out, -rows[:, 3]], axis=1) * h
    palm = shapes.loft(centers, rows[:, 1:3] * h, palette.skin, link, side=(1, 0, 0), power=2.4, sides=20)
    line = (
        wrist + np.array([[0.012, 0.012 * out, -0.002], [0.022, 0.030 * out, -0.005], [0.026, 0.050 * out, -0.009]]) * h
    )
    thumb = shapes.loft(
        line, np.array([[0.009, 0.009], [0.0085, 0.008], [0.006, 0.006]]) * h, palette.skin, link, sides=8, caps=3
    )
    return [palm, thumb]


def shoe(frame: Frame, palette: Palette, side: str, heel, toe, half_width: float) -> list[Part]:
    """Model one shoe that stands on the given sole.

    Args:
      frame: rest pose.
      palette: colors.
      side: "left" or "right".
      heel: (3,) m, middle of the rear edge of the sole, ankle frame.
      toe: (3,) m, middle of the front edge.
      half_width: m.
    """
    ankle, link, h = frame.joint(f"{side}_ankle"), frame.link(f"{side}_ankle"), frame.height
    heel, toe = ankle + np.asarray(heel, float), ankle + np.asarray(toe, float)
    tall = ankle[2] - heel[2] + 0.004 * h
    # place along the sole, half width, height over the sole (fractions of half width and ankle height)
    rows = shapes.smooth_rows(
        (
            (0.02, 0.66, 0.62),
            (0.08, 0.82, 0.95),
            (0.22, 0.88, 1.08),
            (0.36, 0.92, 0.98),
            (0.52, 1.02, 0.72),
            (0.68, 1.14, 0.55),
            (0.82, 1.08, 0.46),
            (0.93, 0.82, 0.38),
            (0.985, 0.5, 0.28),
        ),
        16,
    )
    line = heel + rows[:, :1] * (toe - heel)
    lift = 0.5 * rows[:, 2:] * tall
    upper = shapes.loft(
        line + lift * np.array([[0, 0, 1.0]]),
        np.concatenate([rows[:, 1:2] * half_width, lift], axis=1),
        palette.shoes,
        link,
        power=2.6,
        caps=2,
        gloss=0.35,
        sides=20,
    )
    flat = upper.vertices.copy()
    flat[:, 0] = np.clip(flat[:, 0], heel[0], toe[0])
    flat[:, 2] = np.maximum(flat[:, 2], np.interp(flat[:, 0], [heel[0], toe[0]], [heel[2], toe[2]]))
    thick = 0.30 * tall
    band = line + np.array([[0, 0, 0.5 * thick]])
    bottom = shapes.loft(
        band,
        np.concatenate([rows[:, 1:2] * half_width * 1.04, np.full((16, 1), 0.5 * thick)], axis=1),
        palette.sole,
        link,
        power=5.0,
        caps=2,
        gloss=0.2,
        sides=20,
    )
    under = bottom.vertices.copy()
    under[:, 0] = np.clip(under[:, 0], heel[0] - 0.002 * h, toe[0] + 0.002 * h)
    return [shapes.reshape(upper, flat), shapes.reshape(bottom, under)]
