"""The quality checks of a result in its report: what failed at the head of the page, and a table of all."""

from __future__ import annotations

from html import escape
from typing import Any


def banner(summary: dict[str, Any]) -> str:
    """Return the section that says what failed; empty where nothing did."""
    failed = [check for check in summary["quality"]["checks"] if not check["passed"]]
    if not failed:
        return ""
    lines = "".join(f"<li>{escape(check['words'])}</li>" for check in failed)
    return (
        '<section class="failed"><h2>This result failed its quality checks: do not trust it</h2>'
        f'<ul class="warnings">{lines}</ul></section>'
    )


def table(summary: dict[str, Any]) -> str:
    """Return all checks as an HTML table: what is asked, value, limit, passed or failed."""
    rows = []
    for check in summary["quality"]["checks"]:
        value = "&ndash;" if check["value"] is None else f"{check['value']:.3g}{escape(check['unit'])}"
        said, mark = ("passed", "") if check["passed"] else ("FAILED", "bad")
        rows.append(
            f'<tr><th scope="row">{escape(check["name"])}<span class="meaning">{escape(check["words"])}</span></th>'
            f"<td>{value}</td><td>at {check['side']} {check['limit']:.3g}{escape(check['unit'])}</td>"
            f'<td class="{mark}">{said}</td></tr>'
        )
    head = "<thead><tr><th></th><th>value</th><th>limit</th><th></th></tr></thead>"
    return f'<table class="methods">{head}<tbody>{"".join(rows)}</tbody></table>'
