"""What holds of every world in here: z up, the ground at z = 0, and how strongly things fall."""

from __future__ import annotations

GRAVITY = 9.81  # m/s^2, along -z
