"""Biomechanics of a fit: joint angles by the ISB's conventions, moments, powers, forces under the feet, gait.

``docs/biomechanics.md`` has the conventions: axes, signs, zeros, filters, thresholds.
"""

from motionrecon.biomechanics.analysis import Biomechanics, analyze, gait_summary

__all__ = ["Biomechanics", "analyze", "gait_summary"]
