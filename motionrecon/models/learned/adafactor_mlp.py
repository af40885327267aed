"""Adafactor MLP (Metz et al. 2022): one small network applied to every parameter by itself; the paper's baseline.

    alpha, d = network(z);   x <- x + lambda_a exp(lambda_b alpha) * d

With the paper's 0.1 for both factors. Table 4 calls its networks "128x4" and "512x4"; the parameter counts beside them
are those of two hidden layers of 128 (22,411) and of four of 512 (811,531).
"""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import haiku as hk
import jax
import jax.numpy as jnp

from motionrecon.models.learned import features
from motionrecon.types import Array


class MLPWeights(NamedTuple):
    """What is learned: the network's weights and the decays' changes (9,)."""

    network: Any
    decays: Array


@dataclasses.dataclass(frozen=True)
class AdafactorMLP:
    """The update rule.

    Attributes:
      name: in tables and weights files.
      width: units of a hidden layer.
      layers: hidden layers.
      step_scale: lambda_a of eq. 2.
      exponent_scale: lambda_b of eq. 2.
    """

    name: str = "adafactor-mlp"
    width: int = 128
    layers: int = 2
    step_scale: float = 0.1
    exponent_scale: float = 0.1

    def init_weights(self, key: Array) -> MLPWeights:
        """Return random weights (truncated normals of deviation 1 / sqrt(inputs)), decays as in `features`."""
        network = self._network().init(key, jnp.zeros((2, features.FEATURES), jnp.float32))
        return MLPWeights(network, jnp.zeros(features.DECAYS, jnp.float32))

    def init(self, weights: MLPWeights, x: Array, loss: Array, gradient: Array, key: Array) -> features.FeatureState:
        """Return the state at the start ``x`` (d,): the features' averages."""
        return features.init(x)

    def step(
        self, weights: MLPWeights, state: features.FeatureState, x: Array, loss: Array, gradient: Array
    ) -> tuple[Array, features.FeatureState]:
        """Return the next point (d,) and the state."""
        inputs, state = features.update(state, weights.decays, x, gradient)
        outputs = self._network().apply(weights.network, None, inputs).astype(x.dtype)
        return x + self.step_scale * jnp.exp(self.exponent_scale * outputs[:, 0]) * outputs[:, 1], state

    def _network(self) -> hk.Transformed:
        def network(inputs: Array) -> Array:
            for layer in range(self.layers):
                inputs = jax.nn.relu(hk.Linear(self.width, name=f"hidden_{layer}")(inputs))
            return hk.Linear(2, name="step")(inputs)

        return hk.transform(network)
