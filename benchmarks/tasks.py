"""What is computed: the chains of models, as plain data that every peer reads in its own way."""

import dataclasses
from typing import Literal, NamedTuple, TypeAlias

import numpy as np


class Fit(NamedTuple):
    """One ridge fit: ``argmin_w |y - Xw|^2 / samples + penalty |w|^2`` on labels with this noise."""

    samples: int
    noise: float
    penalty: float


@dataclasses.dataclass(frozen=True)
class Regression:
    """Excess risk of generations ``1, ..., G`` of a regression chain; row ``g`` of the result belongs to ``g``.

    With `downstream`, row ``g`` is the risk of one such fit to the labels of a model after ``g - 1`` generations of
    the chain, which is what Dohmatob et al. 2024 call ``n = g - 1`` fake generations.
    """

    dim: int
    fit: Fit
    generations: int
    capacity: float | None = None
    """Eigenvalues ``j^-capacity``; all equal to one by default."""
    source: float = 0.375
    accumulate: bool = False
    fixed: bool = False
    """One design for all generations."""
    downstream: Fit | None = None

    @property
    def eigenvalues(self) -> np.ndarray:
        """Those of the covariance of the features."""
        j = np.arange(1.0, self.dim + 1)
        return np.ones(self.dim) if self.capacity is None else j**-self.capacity

    @property
    def scale(self) -> np.ndarray | None:
        """The standard deviation of every feature; None where there is nothing to multiply by."""
        return None if self.capacity is None else np.sqrt(self.eigenvalues)

    @property
    def signal(self) -> np.ndarray:
        """The true coefficients: those of `jaxcollapse.theory.Spectrum`."""
        if self.capacity is None:
            return np.full(self.dim, self.dim**-0.5)
        return np.arange(1.0, self.dim + 1) ** (-0.5 * (1 + self.capacity * (2 * self.source - 1)))


@dataclasses.dataclass(frozen=True)
class Gaussian:
    """Mean and log variance (divisor ``samples - 1``) of a univariate Gaussian refitted to its own samples."""

    samples: int
    generations: int
    last: bool = False
    """Only the log variance of the last generation."""


@dataclasses.dataclass(frozen=True)
class Covariance:
    """Log determinant and log trace of the covariance of a Gaussian in `dim` dimensions refitted to its samples."""

    dim: int
    samples: int
    generations: int


Chain: TypeAlias = Regression | Gaussian | Covariance


@dataclasses.dataclass(frozen=True)
class Subsampled:
    """A chain that keeps every row, and fits each model to as many of them, without replacement, as it began with."""

    chain: Regression | Covariance

    @property
    def generations(self) -> int:
        """Those of the chain."""
        return self.chain.generations


@dataclasses.dataclass(frozen=True)
class Counted:
    """The estimated mean of Bernoulli or Poisson counts by generation; each batch replaces the last."""

    family: Literal["Bernoulli", "Poisson"]
    mean: float
    samples: int
    generations: int


@dataclasses.dataclass(frozen=True)
class LastSymbol:
    """How many generations it takes until one of equally likely symbols is left."""

    symbols: int
    samples: int
    generations: int
    """The limit, far beyond what it takes."""


@dataclasses.dataclass(frozen=True)
class PoissonRegression:
    """Squared error of the coefficients by generation; rows are isotropic normal.

    A share `real` of each batch is fresh real data, the rest is labelled by the newest model.
    """

    coefficients: tuple[float, ...]
    samples: int
    real: float
    generations: int


Published: TypeAlias = Subsampled | Counted | LastSymbol | PoissonRegression


@dataclasses.dataclass(frozen=True)
class ExpectedCurve:
    """The mean of a chain, to a relative standard error of `rtol` at every generation."""

    chain: Chain
    rtol: float


@dataclasses.dataclass(frozen=True)
class Draws:
    """The sum of `count` random numbers of one kind, and nothing else.

    A ``"step"`` is one of a Gaussian walk: a normal and a chi-square, an exponential and a logarithm, all of which are
    forgotten but the last mean and log variance.
    """

    kind: Literal["normal", "chi-square", "step"]
    count: int


Task: TypeAlias = Chain | Published | ExpectedCurve | Draws
