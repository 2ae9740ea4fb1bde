"""NumPy in batches, drawing what a fit needs instead of rows: chi-squares, and the Bartlett factor of ``X'X``.

What somebody does who knows the classical distributions and stays with arrays.
"""

import numpy as np

from peers.summary import Simulator, in_batches
from tasks import Chain, Covariance, Fit, Gaussian, Regression

_BYTES = 16 * 2**20


def simulator(chain: Chain, precision: str, replications: int) -> Simulator:
    match chain:
        case Regression():
            numbers = chain.generations if _is_walk(chain) else chain.dim**2
            simulate = _walk if _is_walk(chain) else _fixed if chain.fixed else _fresh
        case Gaussian():
            numbers, simulate = chain.generations, _gaussian
        case Covariance():
            numbers, simulate = chain.dim**2, _covariance
    size = max(1, min(_BYTES // (8 * numbers), 1024, replications))

    def start(seed):
        rng = np.random.default_rng(seed)
        return lambda: simulate(chain, rng, size)

    return in_batches(size, start)


def _is_walk(chain: Regression) -> bool:
    """Whether the risk of least squares needs nothing but the length of the error."""
    replaces = not (chain.accumulate or chain.fixed or chain.downstream)
    return replaces and chain.fit.penalty == 0 and chain.fit.samples >= chain.dim


def _walk(chain: Regression, rng: np.random.Generator, size: int) -> np.ndarray:
    fit, shape = chain.fit, (size, chain.generations)
    variance = fit.noise**2 / rng.chisquare(fit.samples - chain.dim + 1, shape)
    along = np.sqrt(variance) * rng.standard_normal(shape)
    across = variance * rng.chisquare(chain.dim - 1, shape)
    square, path = np.zeros(size), np.empty(shape)
    for g in range(chain.generations):
        square = (np.sqrt(square) + along[:, g]) ** 2 + across[:, g]
        path[:, g] = square
    return path


def _fresh(chain: Regression, rng: np.random.Generator, size: int) -> np.ndarray:
    eigenvalues, signal, path = chain.eigenvalues, chain.signal, []
    estimate, gram, moment = np.broadcast_to(signal, (size, chain.dim)), 0.0, 0.0
    for g in range(1, chain.generations + 1):
        if chain.downstream:
            path.append(_risk(_refit(chain, chain.downstream, rng, estimate), eigenvalues, signal))
            if g == chain.generations:
                break
        if chain.accumulate:
            new_gram, new_moment = _sums(chain, chain.fit, rng, estimate)
            gram, moment = gram + new_gram, moment + new_moment
            estimate = _solve(gram, moment, g * chain.fit.samples * chain.fit.penalty)
        else:
            estimate = _refit(chain, chain.fit, rng, estimate)
        if not chain.downstream:
            path.append(_risk(estimate, eigenvalues, signal))
    return np.stack(path, axis=1)


def _fixed(chain: Regression, rng: np.random.Generator, size: int) -> np.ndarray:
    """One factor for all generations, inverted once."""
    fit, eigenvalues, signal, path = chain.fit, chain.eigenvalues, chain.signal, []
    factor = _factor(chain, fit, rng, size)
    inverse = np.linalg.inv(factor @ _t(factor) + fit.samples * fit.penalty * np.eye(chain.dim)) @ factor
    estimate, response = np.broadcast_to(signal, (size, chain.dim)), 0.0
    for g in range(1, chain.generations + 1):
        new = _response(factor, fit, rng, estimate)
        response = response + (new - response) / g if chain.accumulate else new
        estimate = _times(inverse, response)
        path.append(_risk(estimate, eigenvalues, signal))
    return np.stack(path, axis=1)


def _refit(chain: Regression, fit: Fit, rng: np.random.Generator, estimate: np.ndarray) -> np.ndarray:
    """Least squares moves by a multivariate t; ridge needs the factor."""
    if fit.penalty == 0 and fit.samples >= chain.dim:
        chi2 = rng.chisquare(fit.samples - chain.dim + 1, (len(estimate), 1))
        return estimate + fit.noise * rng.standard_normal(estimate.shape) / np.sqrt(chain.eigenvalues * chi2)
    return _solve(*_sums(chain, fit, rng, estimate), fit.samples * fit.penalty)


def _sums(chain: Regression, fit: Fit, rng: np.random.Generator, estimate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    factor = _factor(chain, fit, rng, len(estimate))
    return factor @ _t(factor), _times(factor, _response(factor, fit, rng, estimate))


def _response(factor: np.ndarray, fit: Fit, rng: np.random.Generator, estimate: np.ndarray) -> np.ndarray:
    """The labels in the coordinates of the factor: ``X'y = A (A'w + noise u)``."""
    return _times(_t(factor), estimate) + fit.noise * rng.standard_normal(estimate.shape)


def _factor(chain: Regression, fit: Fit, rng: np.random.Generator, size: int) -> np.ndarray:
    factor = _bartlett(chain.dim, fit.samples, rng, size)
    return factor if chain.scale is None else chain.scale[:, None] * factor


def _bartlett(dim: int, samples: int, rng: np.random.Generator, size: int) -> np.ndarray:
    """The lower triangular factor of ``X'X`` for standard normal rows, at least as many as there are columns."""
    row, column = np.tril_indices(dim, -1)
    factor = np.zeros((size, dim, dim))
    factor[:, row, column] = rng.standard_normal((size, len(row)))
    diagonal = np.arange(dim)
    factor[:, diagonal, diagonal] = np.sqrt(rng.chisquare(samples - diagonal, (size, dim)))
    return factor


def _gaussian(chain: Gaussian, rng: np.random.Generator, size: int) -> np.ndarray:
    shape = (size, chain.generations)
    log_variance = np.cumsum(np.log(rng.chisquare(chain.samples - 1, shape) / (chain.samples - 1)), axis=1)
    if chain.last:
        return log_variance[:, -1]
    scale = np.exp(0.5 * np.concatenate([np.zeros((size, 1)), log_variance[:, :-1]], axis=1))
    mean = np.cumsum(scale * rng.standard_normal(shape) / np.sqrt(chain.samples), axis=1)
    return np.stack([mean, log_variance], axis=2)


def _covariance(chain: Covariance, rng: np.random.Generator, size: int) -> np.ndarray:
    """The factor of the next covariance is the old one times a Bartlett factor: nothing is decomposed."""
    factor, path = np.eye(chain.dim), []
    for _ in range(chain.generations):
        factor = factor @ _bartlett(chain.dim, chain.samples - 1, rng, size) / np.sqrt(chain.samples - 1)
        log_determinant = 2 * np.log(np.diagonal(factor, 0, 1, 2)).sum(axis=1)
        path.append(np.stack([log_determinant, np.log((factor**2).sum(axis=(1, 2)))], axis=1))
    return np.stack(path, axis=1)


def _solve(gram: np.ndarray, moment: np.ndarray, ridge: float) -> np.ndarray:
    return np.linalg.solve(gram + ridge * np.eye(gram.shape[-1]), moment[..., None])[..., 0]


def _risk(estimate: np.ndarray, eigenvalues: np.ndarray, signal: np.ndarray) -> np.ndarray:
    return (eigenvalues * (estimate - signal) ** 2).sum(axis=-1)


def _t(x: np.ndarray) -> np.ndarray:
    return x.swapaxes(-2, -1)


def _times(x: np.ndarray, vector: np.ndarray) -> np.ndarray:
    return (x @ vector[..., None])[..., 0]
