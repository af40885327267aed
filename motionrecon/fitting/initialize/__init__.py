"""From an observation to a kinematic start."""
