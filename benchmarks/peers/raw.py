"""Every row is drawn, every sum is taken over rows, every system is solved: what scripts of theory papers do.

Written once for NumPy and PyTorch, which share the names that are needed.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

from tasks import Chain, Covariance, Fit, Gaussian, Regression

Array = Any


class Library(NamedTuple):
    """NumPy or PyTorch, with a generator of random numbers."""

    xp: ModuleType
    dtype: Any
    normal: Callable[[tuple[int, ...]], Array]
    """Standard normals of a shape."""

    def zeros(self, shape: tuple[int, ...]) -> Array:
        """Zeros of a shape."""
        return self.xp.zeros(shape, dtype=self.dtype)

    def array(self, values: Array) -> Array:
        """An array of this library."""
        return self.xp.asarray(values, dtype=self.dtype)


def simulate(chain: Chain, library: Library, shape: tuple[int, ...]) -> Array:
    """The next replications: none beside each other with the shape ``()``, a batch of them with ``(size,)``."""
    match chain:
        case Regression():
            problem = _Problem(chain, library, shape)
            path = problem.fixed() if chain.fixed else problem.fresh()
        case Gaussian():
            path = _gaussian(chain, library, shape)
        case Covariance():
            path = _covariance(chain, library, shape)
    return library.xp.stack(path, len(shape))


class _Problem:
    """A regression chain; what it hands on is the error of the coefficients."""

    def __init__(self, chain: Regression, library: Library, shape: tuple[int, ...]):
        self.chain, self.library, self.shape = chain, library, shape
        self.eigenvalues, self.signal = library.array(chain.eigenvalues), library.array(chain.signal)
        self.scale = None if chain.scale is None else library.array(chain.scale)
        self.eye = library.xp.eye(chain.dim, dtype=library.dtype)

    def fresh(self) -> list[Array]:
        """New rows at every generation, alone or added to the sums of the old ones."""
        chain, path = self.chain, []
        error, gram, moment = self.library.zeros((*self.shape, chain.dim)), 0, 0
        for g in range(1, chain.generations + 1):
            if chain.downstream:
                path.append(self.risk(self.estimate(*self.sums(error, chain.downstream), chain.downstream)))
                if g == chain.generations:
                    break
            new_gram, new_moment = self.sums(error, chain.fit)
            if chain.accumulate:
                gram, moment = gram + new_gram, moment + new_moment
                error = self.estimate(gram, moment, chain.fit, batches=g)
            else:
                error = self.estimate(new_gram, new_moment, chain.fit)
            if not chain.downstream:
                path.append(self.risk(error))
        return path

    def fixed(self) -> list[Array]:
        """One design, whose sums are inverted once; accumulated labels are averaged."""
        chain, fit, path = self.chain, self.chain.fit, []
        x = self.rows(fit)
        inverse = self.library.xp.linalg.inv(_t(x) @ x + fit.samples * fit.penalty * self.eye)
        error, moment = self.library.zeros((*self.shape, chain.dim)), 0
        for g in range(1, chain.generations + 1):
            new = self.moment(x, error, fit)
            moment = moment + (new - moment) / g if chain.accumulate else new
            error = _times(inverse, moment) - self.signal
            path.append(self.risk(error))
        return path

    def rows(self, fit: Fit) -> Array:
        x = self.library.normal((*self.shape, fit.samples, self.chain.dim))
        if self.scale is not None:
            x *= self.scale
        return x

    def moment(self, x: Array, error: Array, fit: Fit) -> Array:
        """``X'y`` with labels of the model that is `error` away from the truth."""
        labels = _times(x, self.signal + error) + fit.noise * self.library.normal((*self.shape, fit.samples))
        return _times(_t(x), labels)

    def sums(self, error: Array, fit: Fit) -> tuple[Array, Array]:
        x = self.rows(fit)
        return _t(x) @ x, self.moment(x, error, fit)

    def estimate(self, gram: Array, moment: Array, fit: Fit, batches: int = 1) -> Array:
        """The error of the estimate."""
        ridge = batches * fit.samples * fit.penalty
        return self.library.xp.linalg.solve(gram + ridge * self.eye, moment[..., None])[..., 0] - self.signal

    def risk(self, error: Array) -> Array:
        return (self.eigenvalues * error**2).sum(-1)


def _gaussian(chain: Gaussian, library: Library, shape: tuple[int, ...]) -> list[Array]:
    """Rows in units of the current scale, so that nothing underflows."""
    mean, log_variance, path = library.zeros(shape), library.zeros(shape), []
    for _ in range(chain.generations):
        z = library.normal((*shape, chain.samples))
        centre = z.mean(-1)
        z -= centre[..., None]
        mean = mean + library.xp.exp(0.5 * log_variance) * centre
        log_variance = log_variance + library.xp.log((z * z).sum(-1) / (chain.samples - 1))
        path.append(library.xp.stack([mean, log_variance], -1))
    return path


def _covariance(chain: Covariance, library: Library, shape: tuple[int, ...]) -> list[Array]:
    """Rows in units of the current factor: fitted to rows in their own units, it fails long before generation 100."""
    xp, path = library.xp, []
    factor = xp.eye(chain.dim, dtype=library.dtype)
    for _ in range(chain.generations):
        z = library.normal((*shape, chain.samples, chain.dim))
        z -= z.mean(-2)[..., None, :]
        factor = factor @ xp.linalg.cholesky(_t(z) @ z / (chain.samples - 1))
        log_determinant = 2 * xp.log(xp.diagonal(factor, 0, -2, -1)).sum(-1)
        path.append(xp.stack([log_determinant, xp.log((factor * factor).sum((-2, -1)))], -1))
    return path


def _t(x: Array) -> Array:
    return x.swapaxes(-2, -1)


def _times(x: Array, vector: Array) -> Array:
    return (x @ vector[..., None])[..., 0]
