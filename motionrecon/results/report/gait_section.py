"""The text and the table of the report's section on gait."""

from __future__ import annotations

from typing import Any

# Key in metrics.json's ``gait``, label, unit, digits; those that sides do not have stand in the last column alone.
ROWS = (
    ("walking_speed_m_per_s", "Walking speed", "m/s", 2),
    ("cadence_steps_per_min", "Cadence", "steps/min", 0),
    ("stride_length_m", "Stride length", "m", 2),
    ("stride_time_s", "Stride time", "s", 2),
    ("step_length_m", "Step length", "m", 2),
    ("step_time_s", "Step time", "s", 2),
    ("step_width_m", "Step width", "m", 2),
    ("stance_percent", "Stance", "% of the stride", 0),
    ("double_support_percent", "Double support", "% of the stride", 0),
)
_SIGNS = (
    "Angles, moments and powers are by the ISB's conventions, zero in the upright T-pose; moments are internal "
    "(what the muscles do) and positive where they flex, or dorsiflex, the joint; power is that of the whole joint."
)
_CYCLE = "Lines are means over the strides, bands one standard deviation, dashed lines toe-off. "
_TIME = "No whole stride was found (heel strike to heel strike of one foot), so angles are shown over time. "


def _cell(values: dict[str, Any], key: str, digits: int) -> str:
    value = values.get(key)
    return f"<td>{'&ndash;' if value is None else format(value, f'.{digits}f')}</td>"


def table(gait: dict[str, Any]) -> str:
    """Return the figures of gait as an HTML table; rows that are unknown everywhere are left out.

    Args:
      gait: section ``gait`` of ``metrics.json``.

    Returns:
      HTML, empty where nothing is known.
    """
    rows = []
    for key, label, unit, digits in ROWS:
        columns = [gait["left"], gait["right"], gait]
        if all(c.get(key) is None for c in columns):
            continue
        cells = "".join(_cell(c, key, digits) for c in columns)
        rows.append(f'<tr><th scope="row">{label}</th><td class="unit">{unit}</td>{cells}</tr>')
    if not rows:
        return ""
    head = "<thead><tr><th></th><th></th><th>left</th><th>right</th><th>both</th></tr></thead>"
    return f'<div class="scroll"><table class="methods gait">{head}<tbody>{"".join(rows)}</tbody></table></div>'


def events(gait: dict[str, Any]) -> str:
    """Return a sentence with the times of heel strikes and toe-offs, empty where there are none."""
    parts = []
    for key, label in (("heel_strikes_s", "Heel strikes"), ("toe_offs_s", "Toe-offs")):
        sides = [f"{side} {', '.join(f'{t:.2f}' for t in times)} s" for side, times in gait[key].items() if times]
        if sides:
            parts.append(f"{label}: {'; '.join(sides)}.")
    return " ".join(parts)


def note(gait: dict[str, Any]) -> str:
    """Return the sentences under the curves."""
    return (_CYCLE if gait["strides"] else _TIME) + _SIGNS


def alt(gait: dict[str, Any]) -> str:
    """Return what the picture shows, for those who cannot see it."""
    if gait["strides"]:
        return "angles, moments and powers of hip, knee and ankle and the vertical force over the gait cycle"
    return "angles of hip, knee and ankle over time"
