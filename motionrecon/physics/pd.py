"""The joint controllers: implicit quaternion PD with a smooth torque limit.

The error of a ball joint is the rotation vector from the joint's orientation to its target, in the child's axes, which
are the axes of its angular velocity, so no projection on hinges is needed. The torque is limited by tanh at the old
velocity and linearised about it, so that the step stays one symmetric linear solve (Tan et al., "Stable PD", 2011).
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from motionrecon.geometry import rotations
from motionrecon.types import PDGains

# Share of the implicit slope that a saturated joint keeps. It multiplies the change of velocity only, as rotor inertia
# would, and so damps nothing else; without it a saturated joint loses its implicit damping and chatters between limits.
LEAST_SLOPE = 0.2


def torque_law(
    gains: PDGains,
    quats: Float[Array, "A 4"],
    target: Float[Array, "A 4"],
    velocity: Float[Array, "A 3"],
    dt: Float[Array, ""],
) -> tuple[Float[Array, "A 3"], Float[Array, "A 3"]]:
    """Linearise the controllers' torque in the new velocity.

    Args:
      gains: of A joints.
      quats: (A, 4) joint rotations.
      target: (A, 4) target rotations.
      velocity: (A, 3) rad/s, old joint velocities.
      dt: s.

    Returns:
      torque (A, 3) N m at the old velocity, and slope (A, 3) N m s/rad >= 0:
      torque(x) = torque - slope (x - velocity) - (dt kp s) velocity, with the last part already in ``torque``.
    """
    kp, kd, limit = (jnp.asarray(g)[:, None] for g in (gains.kp, gains.kd, gains.torque_limit))
    error = rotations.log_unwrapped(rotations.mul(rotations.conj(quats), target))
    squashed = jnp.tanh((kp * error - kd * velocity) / limit)
    active = 1.0 - squashed * squashed
    slope = (LEAST_SLOPE + (1.0 - LEAST_SLOPE) * active) * (kd + dt * kp)
    return limit * squashed - active * dt * kp * velocity, slope
