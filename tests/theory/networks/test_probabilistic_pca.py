"""The noise floor of probabilistic PCA, against raw covariances."""

import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.theory import networks

pytestmark = pytest.mark.usefixtures("x64")


def fitted(moments, k):
    values, vectors = np.linalg.eigh(moments)
    values[:, :-k] = values[:, :-k].mean(axis=1, keepdims=True)
    return vectors * np.sqrt(values)[:, None, :], np.log(values[:, 0])


@pytest.mark.parametrize("name", ["replace", "accumulate", "mix"])
def test_the_floor_leaks_as_much_as_it_should(name):
    """In 8 dimensions, 1,000 rows, two spikes close to the floor: it is the leak that is compared, to 3 %."""
    rng, count, n, spikes, dim = np.random.default_rng(5), 12_000, 1000, np.array([4.0, 2.5]), 8
    truth = np.broadcast_to(np.diag(np.sqrt(np.r_[np.full(dim - 2, 1.0), spikes])), (count, dim, dim))

    def batch(roots):
        """Second moments by a triangular factor of Bartlett."""
        lower = np.tril(rng.normal(size=(count, dim, dim)), -1)
        lower[:, range(dim), range(dim)] = np.sqrt(rng.chisquare(n - np.arange(dim), size=(count, dim)))
        half = roots @ lower
        return half @ np.swapaxes(half, 1, 2) / n

    def draws(roots):
        """The batch, and the noise that the floor has to first order: a control of mean zero."""
        moments = batch(roots)
        values = np.sum(roots[:, :, : dim - 2] ** 2, axis=1)  # the floor of the model, on its own directions
        units = roots[:, :, : dim - 2] / np.sqrt(values)[:, None, :]
        return moments, np.einsum("rik,rij,rjk->r", units, moments, units) / values.sum(axis=1) - 1

    roots, pool, logs, controls = truth, 0.0, [], []
    for g in range(3):
        moments, control = draws(roots)
        if name == "accumulate":
            pool = pool + moments
            control = (controls[-1] if controls else 0.0) + control / (g + 1)
            moments = pool / (g + 1)
        elif name == "mix" and g > 0:
            real, real_control = draws(truth)
            moments, control = 0.4 * real + 0.6 * moments, 0.4 * real_control + 0.6 * (controls[-1] + control)
        elif g > 0:
            control = control + controls[-1]
        roots, log = fitted(moments, 2)
        logs.append(log), controls.append(control)
    left = np.array(logs) - np.array(controls)
    flow = {"replace": jc.Replace(), "accumulate": jc.Accumulate(), "mix": jc.Mix("fresh", weight=0.4)}[name]
    theory = networks.noise_floor(spikes, flow, floor=1.0, dim=dim, samples=float(n), generations=3)
    error = left.std(axis=1, ddof=1) / count**0.5
    assert (error < 0.006 * np.abs(theory)).all()
    # relative errors of order 1/n: 1 % of the leak
    assert (np.abs(left.mean(axis=1) - theory) < 3.5 * error + 0.01 * np.abs(theory)).all()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(floor=3.0), "spikes must be above the floor 3.0"),
        (dict(floor=0.0), "floor must be positive"),
        (dict(dim=2), "dim must be above 2, the number of spikes, got 2"),
        (dict(samples=[9.0, 9.0, 9.0]), "samples must be one number"),
    ],
)
def test_wrong_arguments(change, message):
    setting = dict(floor=1.0, dim=5, samples=9.0, generations=3) | change
    with pytest.raises(ValueError, match=message):
        networks.noise_floor([4.0, 2.0], jc.Replace(), **setting)
    with pytest.raises(ValueError, match="spikes must have shape"):
        networks.noise_floor(jnp.asarray(4.0), jc.Replace(), floor=1.0, dim=5, samples=9.0, generations=3)
