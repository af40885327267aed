"""The simulated person: a ``Body`` for our simulator, and the same person as MJCF and as a Brax ``System``.

The Body is made of the mass properties themselves, because loading Brax takes longer than fitting a walk. Brax refuses
ball joints, so every joint is written as a stack of three hinges for it; MuJoCo, the independent oracle of the tests,
gets the same file with ball joints. That the three are one person is tested.
"""

from __future__ import annotations

import contextlib
import io
import warnings

import numpy as np
from jaxtyping import Float

from motionrecon.geometry.skeleton import HEEL_REST
from motionrecon.geometry.world import GRAVITY
from motionrecon.physics import anthropometry
from motionrecon.physics.body import SOLE_POINTS, Body
from motionrecon.types import PDGains, Skeleton, Soles

ARMATURE = 0.02  # kg m^2 at each joint axis: muscle and bone that the rigid links leave out; keeps the solve well posed


# joint -> (kp N m/rad, kd N m s/rad, torque limit N m) for a 70 kg person, after Peng et al., "DeepMimic" (2018), with
# kd = kp / 10. The legs' and trunk's limits are above DeepMimic's because running and jumping need 250-300 N m at hip
# and trunk.
_GAINS = {
    "spine": (1000, 100, 300), "chest": (1000, 100, 300), "neck": (100, 10, 60),
    "hip": (500, 50, 300), "knee": (500, 50, 250), "ankle": (400, 40, 200),
    "shoulder": (400, 40, 150), "elbow": (300, 30, 100),
}  # fmt: skip

# Points under a foot: name, place (from heel 0 to ball 1, the toe's edge 2), lateral place and shift forward (half
# widths; outward), height over the sole (m) and stiffness as a share of the ground's. The heel carries 4 cm in front of
# its rear edge, where a round heel rests; the heads of the metatarsals lie on a slanted line. The toes hang on a hinge
# without mass that holds them straight like a spring, which is a point at their middle that gives way: at 4 cm from the
# hinge its 3 kN/m are 5 N m/rad. All were placed by force plates (docs/experiments.md).
_SOLE = (
    ("heel_inner", 0.0, -0.5, HEEL_REST, 0.001, 1.0),
    ("heel_outer", 0.0, 0.5, HEEL_REST, 0.001, 1.0),
    ("ball_inner", 1.0, -0.8, 0.2, 0.0, 1.0),
    ("ball_outer", 1.0, 0.8, -0.2, 0.0, 1.0),
    ("toe", 1.65, -0.2, 0.0, 0.0, 0.03),
)
assert 2 * len(_SOLE) == SOLE_POINTS

# name, link, offset and radius as fractions of stature (left side; "*" is mirrored): the body beyond the feet.
_CONTACTS = (
    ("*_knee", "*_knee", (0.010, 0.0, -0.010), 0.030),
    ("*_elbow", "*_elbow", (0.0, 0.0, 0.0), 0.025),
    ("*_hand", "*_elbow", (0.0, 0.175, 0.0), 0.020),
    ("*_shoulder", "*_shoulder", (0.0, 0.01, 0.0), 0.040),
    ("*_buttock", "pelvis", (-0.020, 0.045, -0.015), 0.060),
    ("back", "spine", (-0.005, 0.0, 0.040), 0.065),
    ("chest", "chest", (0.010, 0.0, 0.080), 0.065),
    ("head", "neck", (0.015, 0.0, 0.090), 0.060),
)  # fmt: skip


def contact_points(
    skeleton: Skeleton, soles: Soles, height: float
) -> tuple[
    tuple[str, ...], tuple[int, ...], Float[np.ndarray, "C 3"], Float[np.ndarray, " C"], Float[np.ndarray, " C"]
]:
    """List the contact points: those of the soles, then knees, elbows, hands, shoulders, buttocks, back, chest, head.

    Returns:
      names (C,), link indices (C,), offsets (C, 3) m, radii (C,) m, stiffness (C,) as a share of the ground's.
    """
    names, links, offsets, radii, stiffness = [], [], [], [], []
    for k, side in enumerate(("left", "right")):
        heel, ball, toe, across = (np.asarray(v)[k] for v in (soles.heel, soles.ball, soles.toe, soles.across))
        ahead, half = (ball - heel) / np.linalg.norm(ball - heel), float(soles.half_width[k])
        outward = across if side == "left" else -across
        upward = np.cross(ahead, across)
        for name, along, lateral, forward, raised, share in _SOLE:
            middle = heel + along * (ball - heel) if along <= 1.0 else ball + (along - 1.0) * (toe - ball)
            names.append(f"{side}_{name}")
            links.append(skeleton.names.index(f"{side}_ankle"))
            offsets.append(middle + half * (lateral * outward + forward * ahead) + raised * upward)
            radii.append(0.0)
            stiffness.append(share)
    for name, link, (x, y, z), radius in _CONTACTS:
        for side in ("left", "right") if "*" in name or "*" in link else ("",):
            names.append(name.replace("*", side))
            links.append(skeleton.names.index(link.replace("*", side)))
            offsets.append(np.array([x, -y if side == "right" else y, z]) * height)
            radii.append(radius * height)
            stiffness.append(1.0)
    return tuple(names), tuple(links), np.array(offsets), np.array(radii), np.array(stiffness)


def _numbers(values) -> str:
    return " ".join(repr(float(v)) for v in np.ravel(values))


def write_mjcf(skeleton: Skeleton, soles: Soles, height: float, mass: float, *, ball_joints: bool = False) -> str:
    """Describe the person in MJCF.

    Args:
      skeleton: J joints with offsets in m.
      soles: contact geometry of the feet.
      height: stature, m.
      mass: kg.
      ball_joints: one ball joint a link (for MuJoCo) instead of three hinges (for Brax).

    Returns:
      The XML text.
    """
    masses, coms, inertias = anthropometry.link_inertias(skeleton, height, mass, soles.heel, soles.toe)
    names, links, points, radii, _ = contact_points(skeleton, soles, height)
    children = {i: [j for j, p in enumerate(skeleton.parents) if p == i] for i in range(len(skeleton.names))}

    def link(i: int, pad: str) -> list[str]:
        name, inertia = skeleton.names[i], inertias[i]
        full = (inertia[0, 0], inertia[1, 1], inertia[2, 2], inertia[0, 1], inertia[0, 2], inertia[1, 2])
        rows = [f'{pad}<body name="{name}" pos="{_numbers(skeleton.offsets[i])}">']
        if i == 0:
            rows.append(f'{pad}  <freejoint name="root"/>')
        elif ball_joints:
            rows.append(f'{pad}  <joint name="{name}" type="ball" armature="{ARMATURE}"/>')
        else:
            rows += [
                f'{pad}  <joint name="{name}_{a}" type="hinge" axis="{_numbers(np.eye(3)[k])}" armature="{ARMATURE}"/>'
                for k, a in enumerate("xyz")
            ]
        rows.append(
            f'{pad}  <inertial pos="{_numbers(coms[i])}" mass="{_numbers(masses[i])}" fullinertia="{_numbers(full)}"/>'
        )
        rows += [
            f'{pad}  <geom name="{names[c]}" type="sphere" size="{_numbers(max(radii[c], 0.005))}" '
            f'pos="{_numbers(points[c])}"/>'
            for c in range(len(names))
            if links[c] == i
        ]
        for child in children[i]:
            rows += link(child, pad + "  ")
        return [*rows, f"{pad}</body>"]

    return "\n".join(
        [
            '<mujoco model="motionrecon">',
            '  <compiler angle="radian" autolimits="true" balanceinertia="false"/>',
            f'  <option timestep="{1 / 120!r}" gravity="0 0 {-GRAVITY}"/>',
            '  <default><geom contype="1" conaffinity="0" friction="0.9"/></default>',
            "  <worldbody>",
            '    <geom name="floor" type="plane" size="0 0 1" contype="0" conaffinity="1"/>',
            *link(0, "    "),
            "  </worldbody>",
            "</mujoco>",
        ]
    )


def load_system(mjcf: str):
    """Load MJCF text as a Brax ``System``."""
    # Importing Brax prints what else could be installed, and loading warns that its simulation is no longer developed.
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mujoco
        from brax.io import mjcf as brax_mjcf

        model = mujoco.MjModel.from_xml_string(mjcf)  # pyright: ignore[reportAttributeAccessIssue]  # compiled, no stubs
        return brax_mjcf.load_model(model)


def gains(skeleton: Skeleton, mass: float, strength: float = 1.0) -> PDGains:
    """Return PD gains of the A joints for a person of the given mass (kg); ``strength`` multiplies torque limits."""
    rows = np.array([_GAINS[n.replace("left_", "").replace("right_", "")] for n in skeleton.names[1:]], float)
    rows *= mass / 70.0
    return PDGains(rows[:, 0], rows[:, 1], rows[:, 2] * strength)


def link_order(system, skeleton: Skeleton) -> list[int]:
    """Return the System's link index of each joint (MJCF orders links depth first, the skeleton does not)."""
    return [list(system.link_names).index(name) for name in skeleton.names]


def body_from_system(system, skeleton: Skeleton, soles: Soles, height: float, strength: float = 1.0) -> Body:
    """Take the simulator's arrays from a Brax ``System``.

    Args:
      system: Brax System of ``write_mjcf(...)``.
      skeleton: the same skeleton (for names and parents).
      soles: the same soles.
      height: stature, m.
      strength: multiplies the torque limits.

    Returns:
      A Body with float64 arrays.
    """
    link = system.link
    order = link_order(system, skeleton)
    rot = np.asarray(link.inertia.transform.rot, float)
    axes = np.stack([_matrix(q) for q in rot])
    inertia = axes @ np.asarray(link.inertia.i, float) @ np.swapaxes(axes, 1, 2)
    mass = np.asarray(link.inertia.mass, float)
    names, links, points, radii, stiffness = contact_points(skeleton, soles, height)
    dofs = np.concatenate([np.arange(6), *(6 + 3 * (i - 1) + np.arange(3) for i in order[1:])])
    return Body(
        parents=skeleton.parents,
        contact_link=links,
        contact_names=names,
        offsets=np.asarray(link.transform.pos, float)[order],
        mass=mass[order],
        com=np.asarray(link.inertia.transform.pos, float)[order],
        inertia=inertia[order],
        armature=np.asarray(system.dof.armature, float)[dofs],
        gravity=np.asarray(-float(system.gravity[2])),
        gains=gains(skeleton, float(mass.sum()), strength),
        contact_offset=points,
        contact_radius=radii,
        contact_stiffness=stiffness,
    )


def _matrix(q: Float[np.ndarray, " 4"]) -> Float[np.ndarray, "3 3"]:
    from scipy.spatial.transform import Rotation

    return Rotation.from_quat(q[[1, 2, 3, 0]]).as_matrix()


def body(skeleton: Skeleton, soles: Soles, height: float, mass: float, strength: float = 1.0) -> Body:
    """Build the simulated person straight from the mass properties; equal to ``body_from_system`` of ``system``.

    Args:
      skeleton: J joints with offsets in m.
      soles: contact geometry of the feet.
      height: stature, m.
      mass: kg.
      strength: multiplies all torque limits.

    Returns:
      A Body with float64 arrays.
    """
    masses, coms, inertias = anthropometry.link_inertias(skeleton, height, mass, soles.heel, soles.toe)
    names, links, points, radii, stiffness = contact_points(skeleton, soles, height)
    return Body(
        parents=skeleton.parents,
        contact_link=links,
        contact_names=names,
        offsets=np.asarray(skeleton.offsets, float),
        mass=masses,
        com=coms,
        inertia=inertias,
        armature=np.concatenate([np.zeros(6), np.full(3 * (len(skeleton.names) - 1), ARMATURE)]),
        gravity=np.asarray(GRAVITY),
        gains=gains(skeleton, float(masses.sum()), strength),
        contact_offset=points,
        contact_radius=radii,
        contact_stiffness=stiffness,
    )


def system(skeleton: Skeleton, soles: Soles, height: float, mass: float):
    """Return the same person as a Brax ``System``, which Brax's own pipelines and MuJoCo simulate."""
    return load_system(write_mjcf(skeleton, soles, height, mass))
