"""Numba: compiled loops, one replication per turn of a parallel loop, every row drawn.

BLAS is held to one thread, since the replications take all cores already.
"""

import math

import numpy as np
from numba import get_num_threads, njit, prange
from threadpoolctl import threadpool_limits

from peers.summary import Simulator, Summary
from tasks import Chain, Covariance, Fit, Gaussian, Regression

_NO_FIT = Fit(0, 0.0, 0.0)


def simulator(chain: Chain, precision: str, replications: int) -> Simulator:
    match chain:
        case Regression():
            scale = np.ones(chain.dim) if chain.scale is None else chain.scale
            population = (chain.eigenvalues, chain.signal, scale)
            kind = (chain.generations, chain.accumulate, chain.fixed)
            arguments = (*population, chain.fit, chain.downstream or _NO_FIT, *kind)
            simulate = _regression
        case Gaussian():
            arguments, simulate = (chain.samples, chain.generations), _gaussian
        case Covariance():
            arguments, simulate = (chain.dim, chain.samples, chain.generations), _covariance

    def run(seed, count):
        with threadpool_limits(1, user_api="blas"):
            return Summary.of(simulate(1_000_003 * seed, count, *arguments))

    return Simulator(get_num_threads(), run)


@njit(parallel=True)
def _regression(seed, replications, eigenvalues, signal, scale, fit, downstream, generations, accumulate, fixed):
    dim = len(signal)
    paths = np.empty((replications, generations))
    for r in prange(replications):
        np.random.seed((seed + r) % 2**32)
        estimate = signal.copy()
        design, gram, moment = np.empty((0, dim)), np.zeros((dim, dim)), np.zeros(dim)
        if fixed:
            design = _rows(fit.samples, scale)
            ridge = fit.samples * fit.penalty
            inverse = np.linalg.inv(design.T @ design + ridge * np.eye(dim))
        for g in range(1, generations + 1):
            if downstream.samples > 0:
                x = _rows(downstream.samples, scale)
                answer = _solve(x.T @ x, _moment(x, estimate, downstream.noise), downstream, 1)
                paths[r, g - 1] = np.sum(eigenvalues * (answer - signal) ** 2)
            if fixed:
                new = _moment(design, estimate, fit.noise)
                moment = moment + (new - moment) / g if accumulate else new
                estimate = inverse @ moment
            else:
                x = _rows(fit.samples, scale)
                if not accumulate:
                    gram[:] = 0
                    moment = np.zeros(dim)
                gram += x.T @ x
                moment = moment + _moment(x, estimate, fit.noise)
                estimate = _solve(gram, moment, fit, g if accumulate else 1)
            if downstream.samples == 0:
                paths[r, g - 1] = np.sum(eigenvalues * (estimate - signal) ** 2)
    return paths


@njit
def _rows(samples, scale):
    x = np.empty((samples, len(scale)))
    for i in range(samples):
        for j in range(len(scale)):
            x[i, j] = scale[j] * np.random.standard_normal()
    return x


@njit
def _moment(x, coefficients, noise):
    labels = x @ coefficients
    for i in range(len(labels)):
        labels[i] += noise * np.random.standard_normal()
    return x.T @ labels


@njit
def _solve(gram, moment, fit, batches):
    return np.linalg.solve(gram + batches * fit.samples * fit.penalty * np.eye(len(moment)), moment)


@njit(parallel=True)
def _gaussian(seed, replications, samples, generations):
    paths = np.empty((replications, generations, 2))
    for r in prange(replications):
        np.random.seed((seed + r) % 2**32)
        mean, log_variance = 0.0, 0.0
        z = np.empty(samples)
        for g in range(generations):
            centre, square = 0.0, 0.0
            for i in range(samples):
                z[i] = np.random.standard_normal()
                centre += z[i]
            centre /= samples
            for i in range(samples):
                square += (z[i] - centre) ** 2
            mean += math.exp(0.5 * log_variance) * centre
            log_variance += math.log(square / (samples - 1))
            paths[r, g, 0], paths[r, g, 1] = mean, log_variance
    return paths


@njit(parallel=True)
def _covariance(seed, replications, dim, samples, generations):
    paths = np.empty((replications, generations, 2))
    for r in prange(replications):
        np.random.seed((seed + r) % 2**32)
        factor = np.eye(dim)
        for g in range(generations):
            z = _rows(samples, np.ones(dim))
            z -= np.sum(z, axis=0) / samples
            factor = factor @ np.linalg.cholesky(z.T @ z / (samples - 1))
            paths[r, g, 0] = 2 * np.sum(np.log(np.diag(factor)))
            paths[r, g, 1] = math.log(np.sum(factor**2))
    return paths
