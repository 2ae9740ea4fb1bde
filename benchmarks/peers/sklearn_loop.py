"""scikit-learn's `Ridge`, one replication at a time, fitted to rows."""

import numpy as np
from sklearn.linear_model import Ridge

from peers.summary import Simulator, in_batches
from tasks import Fit, Regression


def simulator(chain: Regression, precision: str, replications: int) -> Simulator:
    def start(seed):
        rng = np.random.default_rng(seed)
        return lambda: _simulate(chain, rng)[None]

    return in_batches(1, start)


def _simulate(chain: Regression, rng: np.random.Generator) -> np.ndarray:
    eigenvalues, signal, scale = chain.eigenvalues, chain.signal, chain.scale
    coefficients, path, designs, labels = signal, [], [], []

    def rows(fit):
        x = rng.standard_normal((fit.samples, chain.dim))
        return x if scale is None else x * scale

    def label(x, fit):
        return x @ coefficients + fit.noise * rng.standard_normal(fit.samples)

    def risk(estimate):
        return np.sum(eigenvalues * (estimate - signal) ** 2)

    design = rows(chain.fit) if chain.fixed else None
    for g in range(1, chain.generations + 1):
        if chain.downstream:
            x = rows(chain.downstream)
            path.append(risk(_fitted(x, label(x, chain.downstream), chain.downstream)))
            if g == chain.generations:
                break
        x = rows(chain.fit) if design is None else design
        if not chain.accumulate:
            designs, labels = [], []
        designs.append(x)
        labels.append(label(x, chain.fit))
        coefficients = _fitted(np.concatenate(designs), np.concatenate(labels), chain.fit)
        if not chain.downstream:
            path.append(risk(coefficients))
    return np.array(path)


def _fitted(x: np.ndarray, y: np.ndarray, fit: Fit) -> np.ndarray:
    """The penalty of `Ridge` belongs to the sum of squares, not to their mean."""
    return Ridge(alpha=len(y) * fit.penalty, fit_intercept=False).fit(x, y).coef_
