"""Optimus' network: Transformer encoders over the parameters of a problem (Fig. 2 and 9 of the paper).

Every parameter of the problem is a token; nothing tells tokens apart but their features, so the network is equivariant
under permutations of the parameters and takes any number of them. The paper gives layers and width, not the number of
heads, the key size, the hidden width or where layers are normalised. The defaults here are a reading that has exactly
the paper's 832,526 weights: one embedding for both branches, pre-norm encoders with 3 heads of 128, hidden width 256,
a last layer norm, two hidden layers of 128 between the embedding and the 2 outputs (a 4-layer MLP with them).

Axes: d tokens, one a parameter of the problem; F features; W width; H attention heads; K key size (of values too);
N hidden width of the feed-forward part; L encoders; O outputs a parameter.
"""

from __future__ import annotations

import dataclasses

import haiku as hk
import jax
import jax.numpy as jnp

from motionrecon.types import Array


@dataclasses.dataclass(frozen=True)
class NetworkSize:
    """Sizes: encoders, tokens' width, heads and key size of attention, hidden width of the feed-forward part."""

    layers: int = 3
    width: int = 128
    heads: int = 3
    key_size: int = 128
    hidden: int = 256


class LinearAttention(hk.Module):
    """Multi-head attention in O(tokens): softmax(q k^T) replaced by phi(q) phi(k)^T, phi = elu + 1.

    Katharopoulos et al. 2020, "Transformers are RNNs", eq. 4-7; the weights are those of softmax attention.
    """

    def __init__(self, size: NetworkSize, name: str = "attention"):
        super().__init__(name)
        self.size = size

    def __call__(self, tokens: Array) -> Array:
        """Map tokens (d, width) to (d, width)."""
        size, full = self.size, self.size.heads * self.size.key_size
        heads = (tokens.shape[0], size.heads, size.key_size)
        query = (jax.nn.elu(hk.Linear(full, name="query")(tokens)) + 1.0).reshape(heads)  # [d, H, K]
        key = (jax.nn.elu(hk.Linear(full, name="key")(tokens)) + 1.0).reshape(heads)  # [d, H, K]
        value = hk.Linear(full, name="value")(tokens).reshape(heads)  # [d, H, K]
        context = jnp.einsum("dhk,dhv->hkv", key, value)  # [H, K, K]
        total = jnp.einsum("dhk,hk->dh", query, jnp.sum(key, 0))  # [d, H]
        attended = jnp.einsum("dhk,hkv->dhv", query, context) / total[..., None]  # [d, H, K]
        return hk.Linear(size.width, name="linear")(attended.reshape(tokens.shape[0], full))  # [d, W]


class Encoder(hk.Module):
    """A pre-norm Transformer encoder."""

    def __init__(self, size: NetworkSize, linear_attention: bool, name: str):
        super().__init__(name)
        self.size, self.linear_attention = size, linear_attention

    def __call__(self, tokens: Array) -> Array:
        """Map tokens (d, width) to (d, width)."""
        size, initial = self.size, hk.initializers.VarianceScaling()
        normed = _layer_norm("norm_attention")(tokens)  # [d, W]
        if self.linear_attention:
            tokens = tokens + LinearAttention(size)(normed)
        else:
            attention = hk.MultiHeadAttention(
                size.heads, size.key_size, model_size=size.width, w_init=initial, name="attention"
            )
            tokens = tokens + attention(normed, normed, normed)
        hidden = jax.nn.relu(hk.Linear(size.hidden, name="hidden")(_layer_norm("norm_hidden")(tokens)))  # [d, N]
        return tokens + hk.Linear(size.width, name="output")(hidden)


def optimus_network(
    inputs: Array, size: NetworkSize, *, structure: bool = True, linear_attention: bool = False, outputs: int = 2
) -> tuple[Array, Array]:
    """Predict a step and the rank-one vectors (to be called inside `hk.transform`).

    Args:
      inputs: (d, F) features of the d parameters, float32.
      size: sizes.
      structure: False is the paper's "no structure": no rank-one vectors, the 2 outputs are read off the encoders.
      linear_attention: see `LinearAttention`.
      outputs: O for each parameter; the paper's 2, or a third for `Optimus.step_state`.

    Returns:
      (d, O) the outputs: log step size alpha, direction; (L, d) the vectors u_l, or (0, d).
    """
    embedded = hk.Linear(size.width, name="embedding")(inputs)  # [d, W]
    tokens, vectors = embedded, []
    for layer in range(size.layers):
        tokens = Encoder(size, linear_attention, f"encoder_{layer}")(tokens)
        if layer == size.layers - 1:
            tokens = _layer_norm("norm_last")(tokens)
        if structure:
            vectors.append(hk.Linear(1, name=f"vector_{layer}")(tokens)[:, 0])  # [d]
    hidden = embedded if structure else tokens
    for layer in range(2):
        hidden = hk.Linear(size.width, name=f"mlp_{layer}")(jax.nn.relu(hidden))
    steps = hk.Linear(outputs, name="step")(jax.nn.relu(hidden))  # [d, O]
    return steps, jnp.stack(vectors) if vectors else jnp.zeros((0, inputs.shape[0]), inputs.dtype)


def _layer_norm(name: str) -> hk.LayerNorm:
    return hk.LayerNorm(-1, create_scale=True, create_offset=True, name=name)
