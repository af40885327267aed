"""Building blocks of solid figures: lofted tubes and ellipsoids that know which joints carry them.

A part is modelled in the rest pose, in the pelvis frame (metres). Every vertex follows one joint, or is shared
between two with a weight, so that skin stays closed over bending elbows, knees and the trunk (linear blend
skinning).
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import trimesh

Color = tuple[float, float, float]  # blue, green, red in 0..1, as OpenCV orders them


@dataclasses.dataclass(frozen=True)
class Part:
    """One closed surface.

    Attributes:
      vertices: (V, 3) m, rest pose, pelvis frame.
      faces: (F, 3) vertex indices, counter-clockwise seen from outside.
      normals: (V, 3) unit.
      colors: (V, 3) BGR in 0..1.
      links: (V, 2) joints that carry each vertex.
      weight: (V,) share of the second joint, 0..1.
      gloss: (V,) strength of the highlight, 0..1.
      coarse: (F', 3) fewer triangles between some of the same vertices: the surface seen from afar.
    """

    vertices: np.ndarray
    faces: np.ndarray
    normals: np.ndarray
    colors: np.ndarray
    links: np.ndarray
    weight: np.ndarray
    gloss: np.ndarray
    coarse: np.ndarray


def _finish(vertices, faces, coarse, color, link, gloss) -> Part:
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    if mesh.volume < 0:  # a mirrored or reversed loft: turn it right side out
        mesh.invert()
        coarse = coarse[:, ::-1]
    n = len(mesh.vertices)
    return Part(
        np.asarray(mesh.vertices, float),
        np.asarray(mesh.faces, np.int32),
        np.asarray(mesh.vertex_normals, float),
        np.tile(np.asarray(color, float), (n, 1)),
        np.full((n, 2), link, np.int32),
        np.zeros(n),
        np.full(n, gloss),
        np.asarray(coarse, np.int32),
    )


def smooth_rows(rows, count: int) -> np.ndarray:
    """Resample (N, D) control rows to (count, D) along a Catmull-Rom spline through them; first column must rise."""
    rows = np.asarray(rows, float)
    knots = rows[:, 0]
    t = np.linspace(knots[0], knots[-1], count)
    i = np.clip(np.searchsorted(knots, t, side="right") - 1, 0, len(rows) - 2)
    slope = np.gradient(rows, knots, axis=0)
    h = (knots[i + 1] - knots[i])[:, None]
    u = (t - knots[i])[:, None] / h
    h00, h10 = 2 * u**3 - 3 * u**2 + 1, u**3 - 2 * u**2 + u
    out = h00 * rows[i] + h10 * h * slope[i] + (1 - h00) * rows[i + 1] + (u**3 - u**2) * h * slope[i + 1]
    out[:, 0] = t
    return out


def loft(
    centers, radii, color: Color, link: int, *, side=(0.0, 1.0, 0.0), sides: int = 24, power: float = 2.0,
    gloss: float = 0.2, caps: int = 4, steps: tuple[int, int] = (2, 2),
) -> Part:  # fmt: skip
    """Sweep a (super)ellipse along a line of centers and close both ends with rounded caps.

    Args:
      centers: (N, 3) m, the middle line.
      radii: (N, 2) m, half sizes along ``side`` and across it.
      color: BGR, 0..1.
      link: joint that carries the part.
      side: direction of the first radius; made perpendicular to the line.
      sides: points around the section.
      power: 2 is an ellipse, larger is boxier (a superellipse).
      gloss: strength of the highlight.
      caps: rings of each rounded end.
      steps: the coarse surface keeps every which ring, and every which point of it.
    """
    centers, radii = np.asarray(centers, float), np.asarray(radii, float)
    tangent = np.gradient(centers, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    centers, radii, tangent = _round_ends(centers, radii, tangent, caps)
    a = np.asarray(side, float) - tangent * (tangent @ np.asarray(side, float))[:, None]
    a /= np.linalg.norm(a, axis=1, keepdims=True)
    b = np.cross(tangent, a)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    c, s = np.cos(angle), np.sin(angle)
    c, s = np.sign(c) * np.abs(c) ** (2 / power), np.sign(s) * np.abs(s) ** (2 / power)
    ring = (
        centers[:, None]
        + radii[:, :1, None] * c[None, :, None] * a[:, None]
        + radii[:, 1:, None] * s[None, :, None] * b[:, None]
    )
    n = len(centers)
    vertices = np.concatenate([ring.reshape(-1, 3), centers[:1], centers[-1:]])
    faces = _tube(np.arange(n), np.arange(sides), sides, n * sides)
    kept = np.append(np.arange(0, n - 1, steps[0]), n - 1)
    coarse = _tube(kept, np.arange(0, sides, steps[1]), sides, n * sides)
    return _finish(vertices, faces, coarse, color, link, gloss)


def _tube(rings, around, sides: int, ends: int) -> np.ndarray:
    """Join rings of ``sides`` vertices each, and close them at the vertices ``ends`` and ``ends`` + 1.

    Args:
      rings: which rings, rising.
      around: which vertices of a ring, rising.
      sides: vertices of a ring.
      ends: index of the vertex in the middle of the first ring; the next one is that of the last.

    Returns:
      (F, 3) vertex indices.
    """
    k = np.asarray(around)
    after = np.roll(k, -1)
    low, high = (np.repeat(r, len(k)) * sides for r in (rings[:-1], rings[1:]))
    p, q = np.tile(k, len(rings) - 1), np.tile(after, len(rings) - 1)
    first, last = rings[0] * sides, rings[-1] * sides
    return np.concatenate(
        [
            np.stack([low + p, low + q, high + q], 1),
            np.stack([low + p, high + q, high + p], 1),
            np.stack([np.full(len(k), ends), first + after, first + k], 1),
            np.stack([np.full(len(k), ends + 1), last + k, last + after], 1),
        ]
    )


def _round_ends(centers, radii, tangent, caps):
    """Add rings that close each end like half an ellipsoid."""
    if caps <= 0:
        return centers, radii, tangent
    angle = np.linspace(0, np.pi / 2, caps + 1)[:0:-1] * 0.97
    out_c, out_r, out_t = [centers], [radii], [tangent]
    for end, sign in ((0, -1.0), (-1, 1.0)):
        depth = 0.8 * radii[end].min()
        c = centers[end] + sign * tangent[end] * depth * np.sin(angle)[:, None]
        r = radii[end] * np.cos(angle)[:, None]
        t = np.tile(tangent[end], (caps, 1))
        if end == 0:
            out_c, out_r, out_t = [c, *out_c], [r, *out_r], [t, *out_t]
        else:
            out_c, out_r, out_t = [*out_c, c[::-1]], [*out_r, r[::-1]], [*out_t, t]
    return np.concatenate(out_c), np.concatenate(out_r), np.concatenate(out_t)


def ellipsoid(
    center, radii, color: Color, link: int, *, subdivisions: int = 3, gloss: float = 0.2, turn=None,
    keep: bool = False,
) -> Part:  # fmt: skip
    """Make an ellipsoid with half axes ``radii`` (3,) m around ``center``, turned by a rotation matrix if given.

    ``keep``: the coarse surface is the fine one.
    """
    mesh, coarse = _icosphere(subdivisions)
    coarse = mesh.faces if keep else coarse
    local = mesh.vertices * np.asarray(radii, float)
    if turn is not None:
        local = local @ np.asarray(turn, float).T
    return _finish(local + np.asarray(center, float), mesh.faces, coarse, color, link, gloss)


@functools.cache
def _icosphere(subdivisions: int) -> tuple[trimesh.Trimesh, np.ndarray]:
    """Return a unit sphere, and the triangles of the next coarser one between its vertices."""
    mesh = trimesh.creation.icosphere(subdivisions=subdivisions)
    coarse = trimesh.creation.icosphere(subdivisions=subdivisions - 1)
    return mesh, np.argmax(coarse.vertices @ mesh.vertices.T, axis=1)[coarse.faces]


def share(part: Part, first: int, second: int, weight) -> Part:
    """Let two joints carry a part: ``weight`` (V,) is the share of the second."""
    links = np.tile(np.array([first, second], np.int32), (len(part.vertices), 1))
    return dataclasses.replace(part, links=links, weight=np.clip(np.asarray(weight, float), 0.0, 1.0))


def reshape(part: Part, vertices) -> Part:
    """Move a part's vertices and recompute its normals."""
    mesh = trimesh.Trimesh(vertices, part.faces, process=False)
    return dataclasses.replace(part, vertices=np.asarray(vertices, float), normals=np.asarray(mesh.vertex_normals))


def smoothstep(x, low: float, high: float) -> np.ndarray:
    """Rise smoothly from 0 at ``low`` to 1 at ``high``."""
    u = np.clip((np.asarray(x, float) - low) / (high - low), 0.0, 1.0)
    return u * u * (3.0 - 2.0 * u)
