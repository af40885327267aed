"""Windows joined into one simulation."""

import copy
import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from motionrecon.fitting import chain
from motionrecon.fitting.chain import ChainOptions
from motionrecon.fitting.window_attempts import REAL_GROUND, LadderOptions
from motionrecon.geometry.rotations import exp, mul
from motionrecon.results import replay
from motionrecon.types import FitStatus, Window, WindowReport
from tests.fixtures import small_clip


def largest_step_errors(done):
    """How far the states reached from each stored state under the stored controls are from the next: m, -, m/s."""
    clip = small_clip.prepared()
    targets = np.asarray(mul(clip.reference, exp(jnp.asarray(done.knots))))
    reached = replay.simulate_again(clip.body, REAL_GROUND, clip.dt, done.states, targets).reached
    return [
        float(np.abs(a - b[1:]).max())
        for a, b in zip(jax.tree.leaves(reached), jax.tree.leaves(done.states), strict=True)
    ]


@pytest.fixture(scope="module")
def history():
    """The chain after each window, and at the end."""
    seen = []
    done = chain.fit_clip(small_clip.prepared(), small_clip.WEIGHTS, save=lambda s: seen.append(copy.deepcopy(s)))
    return seen, done


def test_every_stored_state_leads_to_the_next(history):
    _, done = history
    assert len(done.states.position) == len(done.knots) == small_clip.FRAMES
    place, turn, speed = largest_step_errors(done)
    assert place < 1e-9 and turn < 1e-9 and speed < 1e-7


def test_borders_are_shared_exactly(history):
    (after_first, _), done = history
    ahead, rest = after_first.carried
    border = len(after_first.knots)
    assert border == done.reports[0].window.commit == done.reports[1].window.start == 10
    for carried, kept in zip(jax.tree.leaves(ahead), jax.tree.leaves(done.states), strict=True):
        assert carried.shape == (small_clip.WINDOW - border, *kept.shape[1:])
        np.testing.assert_array_equal(carried[0], kept[border])
    assert rest.shape == (small_clip.WINDOW - border, *done.knots.shape[1:])
    np.testing.assert_array_equal(rest[0], done.knots[border])
    for early, late in zip(jax.tree.leaves(after_first.states), jax.tree.leaves(done.states), strict=True):
        np.testing.assert_array_equal(early, late[:border])  # what is kept is never touched again


def test_the_error_so_far_counts_frames():
    reports = [
        WindowReport(Window(start, start + 26, commit), FitStatus.OK, "plain", 1, 1, 0.1, 1.0, 1.0, error)
        for start, commit, error in ((0, 10, 3.0), (10, 30, 7.0))
    ]
    assert chain.error_so_far(chain.ChainState(reports=reports)) == pytest.approx(6.0)


def test_reports_and_terms(history):
    _, done = history
    assert len(done.reports) == len(done.terms) == 2
    assert [r.method for r in done.reports] == ["shooting", "plain"]  # the first window has no motion to go on from
    for report, terms in zip(done.reports, done.terms, strict=True):
        assert report.status is FitStatus.OK
        assert report.loss_last <= report.loss_first and report.error_mm < 10.0
        assert report.evaluations > 0 and report.seconds > 0
        assert sum(terms.values()) == pytest.approx(report.loss_last)


def test_a_short_clip_is_padded():
    few = 8
    clip = small_clip.prepared()
    cut = dataclasses.replace(
        clip, frames=jax.tree.map(lambda a: a[:few], clip.frames), reference=clip.reference[:few],
        states=jax.tree.map(lambda a: a[:few], clip.states), knots=clip.knots[:few], observed=clip.observed[:few],
        seen=clip.seen[:few],
    )  # fmt: skip
    done = chain.fit_clip(cut, small_clip.WEIGHTS)
    assert len(done.knots) == len(done.states.position) == few
    assert done.carried is None and done.reports[0].error_mm < 10.0


def test_a_window_that_is_lost_is_reported_and_the_run_goes_on(monkeypatch):
    monkeypatch.setattr(chain, "FALL_MM", 1e-6)
    options = ChainOptions(max_evaluations=1, ladder=LadderOptions(enabled=False))
    done = chain.fit_clip(small_clip.prepared(), small_clip.WEIGHTS, options)
    assert [r.status for r in done.reports] == [FitStatus.DIVERGED] * 2
    assert len(done.knots) == small_clip.FRAMES


@pytest.fixture
def attempts(monkeypatch):
    """The attempts made: (name, states, knots, evaluations). All are plain Gauss-Newton, and a list of factors on
    their losses decides which one seems best."""
    made, factors, plain = [], [], chain.window_attempts.plain

    def attempt(name, problem, states, knots, options):
        found = plain(problem, np.asarray(knots), options)
        made.append((name, states, np.asarray(knots), found.evaluations))
        return dataclasses.replace(found, method=name, loss=found.loss * factors[len(made) - 1])

    def ladder(problem, nominal, options, ladder_options, error, callback=None):
        return attempt("ladder", problem, nominal.states, nominal.knots, options)

    def shooting(problem, nominal, options, *settings, max_evaluations=None):
        return attempt("careful" if settings else "shooting", problem, nominal.states, nominal.knots, options)

    monkeypatch.setattr(chain.window_attempts, "plain", lambda p, knots, o, _: attempt("plain", p, None, knots, o))
    monkeypatch.setattr(chain.window_attempts, "shooting", shooting)
    monkeypatch.setattr(chain.window_attempts, "ladder", ladder)
    return made, factors


NEVER = LadderOptions(good_mm=-np.inf, accept_mm=-np.inf)  # no attempt is ever near enough


@pytest.mark.parametrize(
    ("ladder", "names"),
    [
        (NEVER, ["shooting", "careful", "ladder", "plain", "shooting", "careful", "ladder"]),
        (dataclasses.replace(NEVER, good_mm=np.inf), ["shooting", "careful", "ladder", "plain"]),
        (dataclasses.replace(NEVER, accept_mm=np.inf), ["shooting", "plain", "shooting"]),
        (LadderOptions(enabled=False), ["plain", "plain"]),
    ],
)
def test_attempts_are_made_in_order_until_one_is_near_enough(attempts, ladder, names):
    made, factors = attempts
    factors += [1.0] * 7
    chain.fit_clip(small_clip.prepared(), small_clip.WEIGHTS, ChainOptions(ladder=ladder))
    assert [name for name, *_ in made] == names


@pytest.mark.parametrize(
    ("losses", "winners"),
    [
        ([1.0, 3.0, 4.0, 3.0, 3.0, 3.0, 0.2], ["shooting", "ladder"]),
        ([5.0, 5.0, 1.0, 1.0, 5.0, 5.0, 5.0], ["ladder", "plain"]),
        ([np.inf, 1.0, np.inf, 5.0, 0.2, np.inf, 5.0], ["careful", "shooting"]),
    ],
)
def test_the_lowest_loss_wins_and_all_attempts_count(attempts, losses, winners):
    made, factors = attempts
    factors += losses
    done = chain.fit_clip(small_clip.prepared(), small_clip.WEIGHTS, ChainOptions(ladder=NEVER))
    assert [r.method for r in done.reports] == winners
    used = [evaluations for *_, evaluations in made]
    assert [r.evaluations for r in done.reports] == [sum(used[:3]), sum(used[3:])]


def test_later_windows_go_on_from_the_motion_of_the_one_before(attempts):
    made, factors = attempts
    factors += [1.0] * 7
    seen, clip = [], small_clip.prepared()
    options = ChainOptions(ladder=NEVER)
    chain.fit_clip(clip, small_clip.WEIGHTS, options, save=lambda s: seen.append(copy.deepcopy(s)))
    ahead, rest = seen[0].carried
    first, n = len(seen[0].knots), len(rest)
    stop = first + small_clip.WINDOW
    (_, _, plain, _), (_, states, knots, _), (_, *careful, _), (_, kinematic, dynamics, _) = made[3:]
    assert all(map(np.array_equal, *map(jax.tree.leaves, (careful[0], kinematic))))
    np.testing.assert_array_equal(careful[1], dynamics)
    np.testing.assert_array_equal(plain, knots)
    np.testing.assert_array_equal(knots, np.concatenate([rest, clip.knots[first + n : stop]]))
    np.testing.assert_array_equal(dynamics, np.concatenate([rest[:1], clip.knots[first + 1 : stop]]))
    rows = (jax.tree.leaves(x) for x in (states, kinematic, ahead, clip.states))
    for continued, alone, carried, whole in zip(*rows, strict=True):
        np.testing.assert_array_equal(continued, np.concatenate([carried, whole[first + n : stop]]))
        np.testing.assert_array_equal(alone, whole[first:stop])


# Adam's first steps, of a fixed length in every control, lead away from a good start before they lead below it.
@pytest.mark.parametrize(("name", "budget"), [("bfgs", 8), ("lbfgs", 8), ("adam", 60)])
def test_scalar_optimizers_lower_every_windows_loss(name, budget):
    done = chain.fit_clip(small_clip.prepared(), small_clip.WEIGHTS, ChainOptions(name, max_evaluations=budget))
    for report in done.reports:
        assert report.method == name and report.evaluations <= budget
        assert report.loss_last < report.loss_first
    assert largest_step_errors(done)[0] < 1e-9


@pytest.mark.parametrize(
    ("offs", "calls", "kept"),
    [
        ([10, 20], [(0, False), (1, False)], [10, 20]),  # near enough: nothing is done again
        ([10, 80, 12, 30], [(0, False), (1, False), (0, True), (1, False)], [12, 30]),  # both are kept: it helped
        ([10, 80, 12, 90], [(0, False), (1, False), (0, True), (1, False)], [10, 80]),  # it did not help
        ([10, 80, 60], [(0, False), (1, False), (0, True)], [10, 80]),  # the window before got worse: no second try
    ],
)
def test_a_window_far_off_has_the_one_before_done_again(monkeypatch, offs, calls, kept):
    heard, template = [], small_clip.chained().reports[0]

    def advance(prepared, window, weights, options, state, again=False):
        heard.append((len(state.reports), again))
        report = dataclasses.replace(template, window=window, error_mm=offs[len(heard) - 1])
        return dataclasses.replace(state, reports=[*state.reports, report])

    monkeypatch.setattr(chain, "_advance", advance)
    done = chain.fit_clip(small_clip.prepared(), small_clip.WEIGHTS)
    assert heard == calls
    assert [r.error_mm for r in done.reports] == kept
