"""What single precision keeps of the closed forms that have a sample size, from 2 to 1e9, against double precision."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxcollapse.machine.precision import enable_x64
from theory.settings import SETTINGS, public_functions
from theory.test_derivatives import is_leaf, value_of

FUNCTIONS = public_functions()
SIZES = (2.0, 5.0, 30.0, 1e3, 3e4, 1e6, 1e9)
# The promised relative error; what is a probability or a quantile of a law loses digits to its quadrature.
KEPT = 2e-5
PROMISED = {}
# Where fewer rows have no answer, or the law is for more of them.
LEAST = {"regression": 30.0, "gaussian.log_determinant_mean": 5.0, "gaussian.log_determinant_variance": 5.0}


def with_samples():
    """Functions of a sample size that is one number or one for each generation, and may be large."""
    return [name for name, settings in SETTINGS.items() if isinstance(np.asarray(value_of(settings[0].named.get("samples", 0))).flat[0], float)]


def evaluated(name, size, double):
    setting = SETTINGS[name][0]
    named = dict(setting.named) | {"samples": np.full_like(np.asarray(value_of(setting.named["samples"]), float), size)}
    kind = np.float64 if double else np.float32

    def cast(leaf):
        leaf = value_of(leaf)
        if isinstance(leaf, float | np.ndarray | jax.Array) and jnp.issubdtype(jnp.result_type(leaf), jnp.floating):
            return jnp.asarray(np.asarray(leaf, np.float32).astype(kind))
        return leaf

    with enable_x64(double):
        positional, named = jax.tree.map(cast, (setting.positional, named), is_leaf=is_leaf)
        return [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(FUNCTIONS[name](*positional, **named))]


def lost(name, size):
    """The largest relative error of all results."""
    pairs = zip(evaluated(name, size, False), evaluated(name, size, True), strict=True)
    errors = [0.0]
    for single, double in pairs:
        same = (single == double) | (np.abs(double) < 1e-30)
        errors.append(np.max(np.where(same, 0.0, np.abs(single - double) / np.where(same, 1.0, np.abs(double)))))
    return max(errors)
