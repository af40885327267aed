"""The 15 classical functions by name: formula, minimum, minimiser, where runs start, for which dimensions.

The functions are those of the paper's Table 8, with the formulas of the SFU catalogue that it cites
(https://www.sfu.ca/~ssurjano). The start boxes are the paper's, recovered from values of that table that equal the
mean of the function over the box: +-10 for all, +-1 for Sum of Powers; they are not the catalogue's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from motionrecon.errors import ConfigError
from motionrecon.optimizer_lab.problems import convex, multimodal, valleys
from motionrecon.types import Array


@dataclasses.dataclass(frozen=True)
class ClassicalFunction:
    """A test function of any dimension with a known global minimum.

    Attributes:
      name: in options and file names.
      title: as in the paper's Table 8 (its "Griwank" spelt right).
      loss: ``z (d,) -> ()``: the catalogue's formula, pure JAX.
      minimizer: ``d -> (d,)`` NumPy: a global minimiser.
      minimum: ``d -> float``: the loss there.
      excess: ``z (d,) -> ()``: loss minus minimum, without the cancellation of the subtraction.
      start_box: (low, high) of every coordinate of a start.
      convex: whether it is convex everywhere.
      least_dimension: the smallest d it is defined for.
      limits: largest d that can be evaluated for coordinates within +-15, by type of number, where there is one.
    """

    name: str
    title: str
    loss: Callable[[Array], Array]
    minimizer: Callable[[int], np.ndarray]
    minimum: Callable[[int], float]
    excess: Callable[[Array], Array]
    start_box: tuple[float, float] = (-10.0, 10.0)
    convex: bool = False
    least_dimension: int = 1
    limits: tuple[tuple[str, int], ...] = ()

    def largest_dimension(self, dtype: str = "float64") -> int | None:
        """Return the largest d that numbers of this type ("float32", "float64") can evaluate; None: no limit."""
        return dict(self.limits).get(dtype)

    def check_dimension(self, d: int) -> None:
        """Raise ConfigError where the function is not defined in ``d`` dimensions."""
        if d < self.least_dimension:
            raise ConfigError(f"{self.title} is not defined for d = {d}; give {self.least_dimension} or more")


def _zeros(d: int) -> np.ndarray:
    return np.zeros(d)


def _ones(d: int) -> np.ndarray:
    return np.ones(d)


def _zero(_: int) -> float:
    return 0.0


def _trid_minimizer(d: int) -> np.ndarray:
    index = np.arange(1.0, d + 1)
    return index * (d + 1 - index)


def _trid_minimum(d: int) -> float:
    return -d * (d + 4) * (d - 1) / 6


def _perm_minimizer(d: int) -> np.ndarray:
    return 1 / np.arange(1.0, d + 1)


def _styblinski_tang_minimizer(d: int) -> np.ndarray:
    return np.full(d, multimodal.STYBLINSKI_TANG_POINT)


def _styblinski_tang_minimum(d: int) -> float:
    return d * multimodal.STYBLINSKI_TANG_VALUE


def _at_zero(name: str, title: str, loss: Callable, minimizer: Callable = _zeros, **more) -> ClassicalFunction:
    """Return a function whose minimum is 0: its excess is itself."""
    return ClassicalFunction(name, title, loss, minimizer, _zero, loss, **more)


_ALL = (
    _at_zero("ackley", "Ackley", multimodal.ackley),
    _at_zero("dixon-price", "Dixon-Price", valleys.dixon_price, valleys.dixon_price_minimizer, least_dimension=2),
    _at_zero("griewank", "Griewank", multimodal.griewank),
    _at_zero("levy", "Levy", multimodal.levy, _ones),
    _at_zero("perm", "Perm Function 0, d, beta", valleys.perm, _perm_minimizer,
             limits=(("float32", 14), ("float64", 125))),
    _at_zero("powell", "Powell", convex.powell, convex=True),
    _at_zero("rastrigin", "Rastrigin", multimodal.rastrigin),
    _at_zero("rosenbrock", "Rosenbrock", valleys.rosenbrock, _ones, least_dimension=2),
    _at_zero("rotated-hyper-ellipsoid", "Rotated Hyper-Ellipsoid", convex.rotated_hyper_ellipsoid, convex=True),
    _at_zero("sphere", "Sphere", convex.sphere, convex=True),
    ClassicalFunction("styblinski-tang", "Styblinski-Tang", multimodal.styblinski_tang, _styblinski_tang_minimizer,
                      _styblinski_tang_minimum, multimodal.styblinski_tang_excess),
    _at_zero("sum-of-powers", "Sum of Powers", convex.sum_of_powers, start_box=(-1.0, 1.0), convex=True),
    _at_zero("sum-of-squares", "Sum of Squares", convex.sum_of_squares, convex=True),
    ClassicalFunction("trid", "Trid", convex.trid, _trid_minimizer, _trid_minimum, convex.trid_excess, convex=True,
                      least_dimension=2),
    _at_zero("zakharov", "Zakharov", convex.zakharov, convex=True),
)  # fmt: skip
FUNCTIONS: dict[str, ClassicalFunction] = {function.name: function for function in _ALL}
