"""The loops that released simulation codes are made of: NumPy, one replication at a time, with the library they fit by.

Written anew from what such codes do: all rows are kept, a part is chosen by `Generator.choice`, regressions are fitted
by `numpy.linalg.lstsq`, generalised linear models by statsmodels.
"""

from collections.abc import Callable

import numpy as np

from peers.summary import Simulator, in_batches
from tasks import Counted, Covariance, LastSymbol, PoissonRegression, Published, Regression, Subsampled


def simulator(chain: Published, precision: str, replications: int) -> Simulator:
    def start(seed):
        rng = np.random.default_rng(seed)
        replicate = _replicate(chain)
        return lambda: np.asarray(replicate(rng), float)[None]

    return in_batches(1, start)


def _replicate(chain: Published) -> Callable[[np.random.Generator], object]:
    match chain:
        case Subsampled(Regression()):
            return lambda rng: _least_squares(chain.chain, rng)
        case Subsampled(Covariance()):
            return lambda rng: _covariance(chain.chain, rng)
        case Counted():
            return lambda rng: _counted(chain, rng)
        case LastSymbol():
            return lambda rng: _last_symbol(chain, rng)
        case PoissonRegression():
            return _poisson_regression(chain)


def _least_squares(chain: Regression, rng: np.random.Generator) -> list[float]:
    """One design; the rows of every generation, and their labels, are kept."""
    n, path = chain.fit.samples, []
    design = rng.standard_normal((n, chain.dim))
    coefficients, rows, labels = chain.signal, np.empty((0, chain.dim)), np.empty(0)
    for _ in range(chain.generations):
        rows = np.concatenate([rows, design])
        labels = np.concatenate([labels, design @ coefficients + chain.fit.noise * rng.standard_normal(n)])
        chosen = rng.choice(len(rows), n, replace=False)
        coefficients = np.linalg.lstsq(rows[chosen], labels[chosen], rcond=None)[0]
        path.append(((coefficients - chain.signal) ** 2).sum())
    return path


def _covariance(chain: Covariance, rng: np.random.Generator) -> list[tuple[float, float]]:
    mean, covariance, rows, path = np.zeros(chain.dim), np.eye(chain.dim), np.empty((0, chain.dim)), []
    for _ in range(chain.generations):
        rows = np.concatenate([rows, rng.multivariate_normal(mean, covariance, chain.samples)])
        chosen = rows[rng.choice(len(rows), chain.samples, replace=False)]
        mean, covariance = chosen.mean(axis=0), np.cov(chosen, rowvar=False)
        path.append((np.linalg.slogdet(covariance)[1], np.log(np.trace(covariance))))
    return path


def _counted(chain: Counted, rng: np.random.Generator) -> list[float]:
    mean, path = chain.mean, []
    for _ in range(chain.generations):
        if chain.family == "Bernoulli":
            mean = rng.binomial(chain.samples, mean) / chain.samples
        else:
            mean = rng.poisson(mean, chain.samples).mean()
        path.append(mean)
    return path


def _last_symbol(chain: LastSymbol, rng: np.random.Generator) -> int:
    counts, generation = np.full(chain.symbols, 1.0), 0
    while generation == 0 or (counts > 0).sum() > 1:
        counts = rng.multinomial(chain.samples, counts / counts.sum())
        generation += 1
    return generation


def _poisson_regression(chain: PoissonRegression) -> Callable[[np.random.Generator], list[float]]:
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    def replicate(rng):
        truth, path = np.array(chain.coefficients), []
        coefficients, real = truth, chain.samples
        for _ in range(chain.generations):
            rows = rng.standard_normal((chain.samples, len(truth)))
            means = np.exp(np.concatenate([rows[:real] @ truth, rows[real:] @ coefficients]))
            coefficients = GLM(rng.poisson(means), rows, family=Poisson()).fit().params
            path.append(((coefficients - truth) ** 2).sum())
            real = round(chain.real * chain.samples)
        return path

    return replicate
