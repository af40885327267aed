"""The page of a report: its structure and its style, with places for what a fit fills in."""

from __future__ import annotations

from string import Template

_STYLE = """
:root { --ink: #1d2329; --soft: #5d6770; --line: #e1e5e9; --blue: #2563a8; --paper: #ffffff; --ground: #f4f6f8; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1060px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 26px; margin: 0 0 2px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 0 0 10px; }
p { margin: 6px 0; color: var(--soft); }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 18px 22px;
  margin-top: 18px; }
.facts { display: flex; flex-wrap: wrap; gap: 10px 34px; margin: 16px 0 4px; }
.facts b { display: block; font-size: 20px; font-variant-numeric: tabular-nums; }
.facts span { color: var(--soft); font-size: 13px; }
.strip { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 6px; margin-top: 16px; }
.strip img { width: 100%; border-radius: 6px; display: block; }
table { border-collapse: collapse; width: 100%; }
.scroll { overflow-x: auto; }
.methods th, .methods td { padding: 6px 10px; border-bottom: 1px solid var(--line); text-align: right;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
.methods th[scope=row] { text-align: left; font-weight: 600; white-space: normal; }
.methods thead th { color: var(--soft); font-weight: 600; font-size: 13px; }
.methods thead th:nth-child(3) { color: var(--blue); }
.gait thead th:nth-child(4) { color: #c2452d; }
.methods td.unit { color: var(--soft); text-align: left; font-size: 13px; }
.methods td.best { font-weight: 700; }
.meaning { display: block; font-weight: 400; font-size: 12.5px; color: var(--soft); }
.warnings { margin: 0; padding: 0; list-style: none; }
.warnings li { border-left: 4px solid #e08a1e; background: #fdf6ec; padding: 8px 12px; margin-top: 8px;
  border-radius: 0 6px 6px 0; }
.failed { border-color: #c2452d; }
.failed h2, .methods td.bad { color: #c2452d; }
.fine { color: var(--soft); }
.plot { width: 100%; height: auto; display: block; margin-top: 6px; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(280px, 1fr)); gap: 12px 34px; }
.plain th, .plain td { text-align: left; font-size: 13px; padding: 3px 8px 3px 0; vertical-align: top;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.plain th { font-weight: 500; color: var(--soft); width: 55%; }
h3 { font-size: 14px; margin: 10px 0 4px; }
@media print { body { background: #fff; } section { break-inside: avoid; } }
"""

PAGE = Template(f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title: motionrecon report</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<header>
<h1>$title</h1>
<p>Reconstructed motion of a simulated person from $source</p>
<div class="facts">$facts</div>
$strip
</header>
$failed

<section>
<h2>What to doubt</h2>
$warnings
</section>

<section>
<h2>How good it is</h2>
<div class="scroll">
<table class="methods">
<thead><tr><th></th><th></th><th>physics</th><th>kinematic</th><th>smoothed</th></tr></thead>
<tbody>
$headline
</tbody>
</table>
</div>
<p>Lower is better; the lowest of a row is bold, a dash means it cannot be computed. $reference $left_out</p>
<p>Physics is the simulated body, kinematic the start without forces, smoothed the input after a Gaussian over time
(sigma $sigma frames). Planted feet: $contacts.</p>
</section>

<section>
<h2>Quality checks</h2>
<div class="scroll">$quality</div>
</section>

<section>
<h2>Gait and joints</h2>
$gait_table
<p>$gait_events</p>
$gait
<p>$gait_note</p>
</section>

<section>
<h2>On the ground</h2>
$ground
</section>

<section>
<h2>Joint torques</h2>
$torques
<p>About the joint's left-pointing axis, divided by body mass. Positive bends the knee, extends the hip and
points the toes down.</p>
</section>

<section>
<h2>Where the errors are</h2>
$errors
</section>

<section>
<h2>How the optimisation went</h2>
$losses
<div class="columns">
<div><h3>Loss terms, mean over the clip</h3><table class="plain">$terms</table></div>
<div><h3>Time by stage</h3><table class="plain">$seconds</table></div>
</div>
</section>

<section>
<h2>What was run</h2>
<div class="columns">
<div><h3>Configuration</h3><table class="plain">$config</table></div>
<div><h3>Versions</h3><table class="plain">$versions</table></div>
</div>
</section>
</main>
</body>
</html>
""")
