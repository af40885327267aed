"""What a simulation step and its gradient cost, beside MuJoCo and Brax's generalized modules, in one run.

    taskset -c 1 python benchmarks/simulation.py [--repeats 5] [--windows 26 52 104] [--batches 1 4 8 16]

The person stands and waves its arms (dense and generalized) or stands (MuJoCo). MuJoCo steps the same MJCF with ball
joints, the same gains as joint springs and dampers, and the same contact spheres on its own floor. Everything is
float64 on the CPU; the process pins itself to one core if nobody else has. Times are the best of the repeats, since
other programs can only add to them; the load of the machine is printed. Columns: microseconds a step of the forward
simulation and of loss with gradient, the ratio of both to MuJoCo's forward step, then loss with gradient once, in
milliseconds and in seconds a simulated second.
"""

from __future__ import annotations

import argparse
import os
import platform
import time

import jax
import jax.numpy as jnp
import mujoco
import numpy as np

from motionrecon.geometry import rotations
from motionrecon.geometry import skeleton as skeletons
from motionrecon.jobs import runtime
from motionrecon.physics import humanoid, pipeline, rollout, tree
from motionrecon.physics.body import Ground
from motionrecon.physics.oracle import generalized

HEIGHT, MASS, FPS = 1.70, 65.0, 30.0
DT = 1.0 / (FPS * rollout.SUBSTEPS)


def best(function, repeats: int) -> float:
    """Return the shortest of ``repeats`` wall times in seconds, after one call that compiles."""
    jax.block_until_ready(function())
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        jax.block_until_ready(function())
        times.append(time.perf_counter() - start)
    return min(times)


def person():
    """Return skeleton, soles, body, system, a standing state and a function frames -> waving targets."""
    skeleton, soles = skeletons.template(HEIGHT), skeletons.template_soles(HEIGHT)
    body, system = (make(skeleton, soles, HEIGHT, MASS) for make in (humanoid.body, humanoid.system))
    turns = np.zeros((len(skeleton.names), 3))
    left, right = (skeleton.names.index(f"{side}_shoulder") for side in ("left", "right"))
    turns[left, 0], turns[right, 0] = -1.0, 1.0
    state = pipeline.init(body, np.array([0.0, 0.0, skeletons.HIP_HEIGHT * HEIGHT]), rotations.exp(turns))

    def targets(frames: int):
        wave = np.tile(turns[1:], (frames, 1, 1))
        wave[:, [left - 1, right - 1], 0] += 0.3 * np.sin(2 * np.pi * np.arange(frames) / FPS)[:, None]
        return rotations.exp(wave)

    return skeleton, soles, body, system, state, targets


def dense_loss(offsets, body, ground, state, targets):
    """Squared distance of the joints from the standing pose over the window: every state counts, as in a fit."""
    drive = rotations.mul(targets, rotations.exp(offsets))
    states = rollout.simulate(body, ground, DT, state, drive, jnp.zeros((targets.shape[0] - 1, 6)))
    return _distance(body, states, state)


def generalized_loss(offsets, model, ground, state, targets):
    states = generalized.simulate(model, ground, DT, state, rotations.mul(targets, rotations.exp(offsets)))
    return _distance(model.body, states, state)


def _distance(body, states, state):
    joints = jax.vmap(lambda s: tree.pose(body, s.quats).anchor + s.position)(states)
    return jnp.mean((joints - joints[0]) ** 2) + 1e-3 * jnp.mean((states.velocity - state.velocity) ** 2)


def mujoco_step(skeleton, soles, body, state, steps: int, repeats: int) -> tuple[float, float]:
    """Return seconds a step and the mean number of contacts of MuJoCo's own forward step on the same body."""
    model = mujoco.MjModel.from_xml_string(humanoid.write_mjcf(skeleton, soles, HEIGHT, MASS, ball_joints=True))
    model.opt.timestep = DT
    address = {n: model.jnt_qposadr[model.body(n).jntadr[0]] for n in skeleton.names}
    velocity = {n: model.jnt_dofadr[model.body(n).jntadr[0]] for n in skeleton.names}
    for i, name in enumerate(skeleton.names[1:]):
        model.jnt_stiffness[model.body(name).jntadr[0]] = float(body.gains.kp[i])
        model.dof_damping[velocity[name] : velocity[name] + 3] = float(body.gains.kd[i])
        model.qpos_spring[address[name] : address[name] + 4] = np.asarray(state.quats[i + 1])
    data = mujoco.MjData(model)
    times, contacts = [], []
    for _ in range(repeats):
        mujoco.mj_resetData(model, data)
        data.qpos[:3], data.qpos[3:7] = state.position, state.quats[0]
        for i, name in enumerate(skeleton.names[1:]):
            data.qpos[address[name] : address[name] + 4] = state.quats[i + 1]
        start = time.perf_counter()
        mujoco.mj_step(model, data, nstep=steps)
        times.append((time.perf_counter() - start) / steps)
        contacts.append(data.ncon)
    return min(times), float(np.mean(contacts))


def hardware() -> str:
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            name = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), name)
    except OSError:
        pass  # not Linux: the architecture must do
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{name}, {os.cpu_count()} cores seen, pinned to one{load}; float64; jax {jax.__version__}, "
        f"MuJoCo {mujoco.__version__}, Python {platform.python_version()}"
    )


def pin() -> None:
    """Keep to one core, so that times mean the same on every machine."""
    if hasattr(os, "sched_getaffinity"):
        cores = os.sched_getaffinity(0)
        if len(cores) > 1:
            os.sched_setaffinity(0, {max(cores)})


def line(label: str, forward: float, gradient: float, steps: int, batch: int, oracle: float, extra: str = "") -> str:
    each = steps * batch
    print_gradient = 1e6 * gradient / each
    print_forward = 1e6 * forward / each
    return (
        f"{label:<28} {print_forward:>9.1f} {print_gradient:>9.1f} {print_forward / (1e6 * oracle):>9.2f}"
        f" {print_gradient / (1e6 * oracle):>9.2f} {1e3 * gradient:>10.1f} {gradient / (each * DT):>10.4f} {extra}"
    )


def main() -> None:
    """Run the table."""
    parser = argparse.ArgumentParser(description="Cost of a simulation step and its gradient.")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--windows", type=int, nargs="+", default=[26, 52, 104], help="frames")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 8, 16], help="windows at once")
    arguments = parser.parse_args()
    pin()
    runtime.configure("cpu")
    skeleton, soles, body, system, state, make_targets = person()
    ground, model = Ground().arrays(), generalized.hinge_model(system, body, skeleton)
    oracle, contacts = mujoco_step(skeleton, soles, body, state, 4 * max(arguments.windows), arguments.repeats)
    print(hardware())
    print(f"MuJoCo's own forward step: {1e6 * oracle:.1f} us ({contacts:.0f} contacts at the end)")
    print(f"{'':<28} {'us/step':>9} {'us/step':>9} {'x MuJoCo':>9} {'x MuJoCo':>9} {'ms':>10} {'s/sim. s':>10}")
    print(f"{'':<28} {'forward':>9} {'gradient':>9} {'forward':>9} {'gradient':>9} {'gradient':>10} {'gradient':>10}")
    for frames in arguments.windows:
        targets, steps = make_targets(frames), (frames - 1) * rollout.SUBSTEPS
        offsets = jnp.zeros((frames, len(skeleton.names) - 1, 3))
        rest = (body, ground, state, targets)
        forward, gradient = jax.jit(dense_loss), jax.jit(jax.value_and_grad(dense_loss))
        a = best(lambda f=forward, x=(offsets, *rest): f(*x), arguments.repeats)
        b = best(lambda f=gradient, x=(offsets, *rest): f(*x), arguments.repeats)
        print(line(f"dense, {frames} frames", a, b, steps, 1, oracle), flush=True)
    frames = arguments.windows[0]
    targets, steps = make_targets(frames), (frames - 1) * rollout.SUBSTEPS
    axes = (0, None, None, None, None)
    for batch in arguments.batches:
        offsets = jnp.zeros((batch, frames, len(skeleton.names) - 1, 3))
        rest = (body, ground, state, targets)
        forward = jax.jit(jax.vmap(dense_loss, axes))
        gradient = jax.jit(jax.vmap(jax.value_and_grad(dense_loss), axes))
        a = best(lambda f=forward, x=(offsets, *rest): f(*x), arguments.repeats)
        b = best(lambda f=gradient, x=(offsets, *rest): f(*x), arguments.repeats)
        print(line(f"dense, {frames} frames, batch {batch}", a, b, steps, batch, oracle), flush=True)
    offsets = jnp.zeros((frames, len(skeleton.names) - 1, 3))
    rest = (model, ground, state, targets)
    forward, gradient = jax.jit(generalized_loss), jax.jit(jax.value_and_grad(generalized_loss))
    a = best(lambda: forward(offsets, *rest), arguments.repeats)
    b = best(lambda: gradient(offsets, *rest), arguments.repeats)
    print(line(f"generalized, {frames} frames", a, b, steps, 1, oracle), flush=True)
    print(f"Load at the end: {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "")


if __name__ == "__main__":
    main()
