"""All cases: what is asked, of whom, and how large."""

import dataclasses
from collections.abc import Iterator

from machine import cores
from measure import Entry
from tasks import (
    Chain,
    Counted,
    Covariance,
    Draws,
    ExpectedCurve,
    Fit,
    Gaussian,
    LastSymbol,
    PoissonRegression,
    Published,
    Regression,
    Subsampled,
    Task,
)
from worker import Peer

OURS = Peer("jaxcollapse", "ours", "float32", whole=True)
OURS_DOUBLE = Peer("jaxcollapse", "ours", "float64", whole=True)
JAX = Peer("plain JAX, rows", "jax_raw", "float32")
JAX_STATISTICS = Peer("plain JAX, statistics", "jax_statistics", "float32")
NUMPY_LOOP = Peer("NumPy loop, rows", "numpy_loop")
NUMPY = Peer("NumPy in batches, rows", "numpy_batched")
NUMPY_STATISTICS = Peer("NumPy in batches, statistics", "numpy_statistics")
SKLEARN = Peer("scikit-learn loop, rows", "sklearn_loop", needs="sklearn")
TORCH = Peer("PyTorch in batches, rows", "torch_batched", "float32", needs="torch")
TORCH_DOUBLE = Peer("PyTorch in batches, rows", "torch_batched", needs="torch")
NUMBA = Peer("Numba, rows", "numba_loop", needs="numba")
NUMBA_STATISTICS = Peer("Numba, statistics", "numba_statistics", needs="numba")
PUBLISHED = Peer("the loop of a published code", "published")
STATSMODELS = Peer("the loop of a published code, with statsmodels", "published", needs="statsmodels")

REGRESSION = (OURS, OURS_DOUBLE, NUMPY_STATISTICS, NUMBA, NUMPY, NUMPY_LOOP, SKLEARN, TORCH, TORCH_DOUBLE, JAX)
# One replication fills the memory of a batch here, so that batches and a loop are the same.
LARGE_REGRESSION = (OURS, OURS_DOUBLE, NUMPY_STATISTICS, NUMBA, NUMPY_LOOP, SKLEARN, TORCH, JAX)
LARGEST_REGRESSION = (OURS, NUMPY_STATISTICS, NUMPY_LOOP, TORCH, JAX)
GAUSSIAN = (
    *(OURS, OURS_DOUBLE, NUMBA_STATISTICS, NUMPY_STATISTICS, JAX_STATISTICS),
    *(NUMBA, NUMPY, NUMPY_LOOP, TORCH, TORCH_DOUBLE, JAX),
)
COVARIANCE = (OURS, OURS_DOUBLE, NUMPY_STATISTICS, NUMBA, NUMPY, NUMPY_LOOP, TORCH, TORCH_DOUBLE, JAX)

RIDGE = Regression(100, Fit(200, 1.0, 0.1), 10)
LEAST_SQUARES = Regression(100, Fit(200, 1.0, 0.0), 20)
WALK = Gaussian(100, 500)
COVARIANCES = Covariance(50, 200, 100)


@dataclasses.dataclass(frozen=True)
class Contest:
    """One question, put to several peers, the first of which is what the others are compared with."""

    title: str
    chain: Chain | Published
    replications: int | None
    """None: as many as bring the standard error of every mean to `rtol`."""
    peers: tuple[Peer, ...]
    rtol: float | None = None
    draws: tuple[int, int] | None = None
    """How many normals and chi-squares one generation of ours needs, where that is known."""
    step: bool = False
    """Whether a generation is one `step` of `Draws`."""
    slow: bool = False
    """Left out of a quick run."""

    def entries(self, replications: int) -> list[Entry]:
        """Everybody with the same number of replications; with an `rtol`, ours is asked for the mean itself."""
        return [Entry(self.title, peer, self._task(peer), replications) for peer in self.peers]

    def thinned(self) -> "Contest":
        """The same with every peer in one precision."""
        return dataclasses.replace(self, peers=tuple({peer.name: peer for peer in self.peers[::-1]}.values())[::-1])

    def _task(self, peer: Peer) -> Task:
        return self.chain if self.rtol is None or peer.module != "ours" else ExpectedCurve(self.chain, self.rtol)


@dataclasses.dataclass(frozen=True)
class Point:
    """One row of a sweep."""

    x: int
    task: Task
    replications: int
    peers: tuple[Peer, ...]


@dataclasses.dataclass(frozen=True)
class Sweep:
    """How the time depends on one number."""

    title: str
    axis: str
    points: tuple[Point, ...]
    linear: bool = False
    """Whether a straight line is fitted: what a call costs, and what a replication."""

    def entries(self) -> list[Entry]:
        """Of all points and peers, which are timed together."""
        return [
            Entry(f"{self.axis} = {point.x:,}", peer, point.task, point.replications)
            for point in self.points
            for peer in point.peers
        ]

    def thinned(self) -> "Sweep":
        """The same with the first and the last point, and every third between."""
        kept = dict.fromkeys((*self.points[::3], self.points[-1]))
        return dataclasses.replace(self, points=tuple(kept))


def _powers_of_two(largest: int) -> Iterator[int]:
    power = 1
    while power <= largest:
        yield power
        power *= 2


def _downstream(dim: int) -> Regression:
    """Ten generators by least squares, and a ridge fit behind each: the sizes of Dohmatob et al. 2024, figure 1."""
    return Regression(dim, Fit(2 * dim, 0.2, 0.0), 11, downstream=Fit(10 * dim // 3, 0.2, 0.1))


def _power_law(dim: int, generations: int, replications: int, peers: tuple[Peer, ...]) -> Contest:
    chain = Regression(dim, Fit(2 * dim, 1.0, 0.01), generations, capacity=2.0)
    title = f"Power-law ridge chain, d = {dim:,}, T = {2 * dim:,}, λ = 0.01, {generations} generations"
    return Contest(title, chain, replications, peers, slow=dim > 300)


def _sizes(chain: Regression | Gaussian, name: str, replications: int, rows_up_to: int) -> Sweep:
    """The number of samples from a hundred to a thousand million; peers that draw rows stop early."""

    def point(n):
        if isinstance(chain, Gaussian):
            sized = dataclasses.replace(chain, samples=n)
        else:
            sized = dataclasses.replace(chain, fit=chain.fit._replace(samples=n))
        peers = (OURS, NUMPY_STATISTICS, NUMPY)
        return Point(n, sized, replications, peers if n <= rows_up_to else peers[:2])

    return Sweep(f"{name}, from n = 100 to 1,000,000,000", "n", tuple(point(10**k) for k in range(2, 10)))


def _cores(chain: Chain, name: str, replications: int) -> Sweep:
    points = (Point(n, chain, replications, (dataclasses.replace(OURS, cores=n),)) for n in _powers_of_two(cores()))
    return Sweep(f"{name} on 1 to {cores()} cores", "cores", tuple(points))


def _replications(chain: Chain, name: str) -> Sweep:
    points = tuple(Point(4096 * 4**k, chain, 4096 * 4**k, (OURS,)) for k in range(4))
    return Sweep(f"{name}, more and more replications", "replications", points, linear=True)


def _published(title: str, chain: Published, replications: int) -> Contest:
    peer = STATSMODELS if isinstance(chain, PoissonRegression) else PUBLISHED
    return Contest(title, chain, replications, (OURS, OURS_DOUBLE, peer))


CASES: dict[str, tuple[Contest | Sweep, ...]] = {
    "ridge": tuple(
        Contest(
            f"Isotropic ridge chain, d = 100, T = 200, λ = 0.1, 10 generations, {name} replications",
            RIDGE,
            n,
            REGRESSION,
            draws=(32, 64),  # 31 steps from nothing in single precision, and a turn
            slow=n > 1_000,
        )
        for name, n in (("few", 1_000), ("many", 100_000))
    ),
    "downstream": tuple(
        Contest(
            f"Ridge after 0 to 10 least-squares generators, d = {d}, T₀ = {2 * d}, T = {10 * d // 3:,}, λ = 0.1",
            _downstream(d),
            1_000,
            REGRESSION,
            slow=d > 100,
        )
        for d in (100, 300)
    ),
    "power-law": (
        _power_law(300, 5, 1_000, REGRESSION),
        _power_law(1_000, 5, 200, LARGE_REGRESSION),
        _power_law(3_000, 2, 50, LARGEST_REGRESSION),
    ),
    "least-squares": (
        *(
            Contest(
                f"Least squares, Replace, d = 100, T = 200, 20 generations, {name} replications",
                LEAST_SQUARES,
                n,
                REGRESSION,
                draws=(1, 2),
                slow=n > 500,
            )
            for name, n in (("few", 500), ("many", 100_000))
        ),
        Contest(
            "Least squares, Accumulate with new designs, d = 100, T = 200, 20 generations",
            dataclasses.replace(LEAST_SQUARES, accumulate=True),
            500,
            REGRESSION,
            draws=(100 * 99 // 2 + 100, 100),
        ),
        Contest(
            "Least squares, Accumulate with one design, d = 100, T = 200, 20 generations",
            dataclasses.replace(LEAST_SQUARES, accumulate=True, fixed=True),
            500,
            REGRESSION,
            draws=(20 + 19 // 2, 2),  # of the labels, and of the design that all generations share
        ),
    ),
    "gaussian": (
        Contest(
            "Gaussian, Replace, n = 100, 500 generations: mean and log variance",
            WALK,
            10_000,
            GAUSSIAN,
            draws=(1, 1),
            step=True,
        ),
        Contest(
            "Gaussian, Replace, n = 100, 500 generations: log variance of the last",
            dataclasses.replace(WALK, last=True),
            16_384,
            (OURS, OURS_DOUBLE, NUMPY_STATISTICS),
        ),
        Contest(
            "Gaussian, Replace, n = 100, 10 generations, 256 replications: below one tile",
            Gaussian(100, 10),
            256,
            (OURS, NUMPY_STATISTICS),
        ),
    ),
    "covariance": (
        Contest(
            "Gaussian covariance, Replace, p = 50, n = 200, 100 generations: log determinant and log trace",
            COVARIANCES,
            1_000,
            COVARIANCE,
            draws=(50 * 49 // 2 + 50, 50),
        ),
    ),
    "samples": (
        _sizes(RIDGE, "Isotropic ridge chain, d = 100, λ = 0.1, 10 generations, 1,000 replications", 1_000, 10_000),
        _sizes(WALK, "Gaussian, Replace, 500 generations, 1,000 replications", 1_000, 10_000),
    ),
    "expected": (
        Contest(
            "Expected risk of the isotropic ridge chain (d = 100, T = 200, λ = 0.1, 10 generations) to 0.1 %",
            RIDGE,
            None,
            (OURS, OURS_DOUBLE, NUMPY_STATISTICS, NUMBA, NUMPY, TORCH, JAX),
            rtol=1e-3,
        ),
    ),
    "published": (
        _published(
            "Accumulate and sub-sample, least squares with one design, d = 10, n = 32, 100 generations",
            Subsampled(Regression(10, Fit(32, 1.0, 0.0), 100, fixed=True)),
            1_000,
        ),
        _published(
            "Accumulate and sub-sample, Gaussian in 10 dimensions, n = 100, 100 generations",
            Subsampled(Covariance(10, 100, 100)),
            1_000,
        ),
        _published(
            "Poisson regression, 62 of 100 rows real, 3 coefficients, 10 generations",
            PoissonRegression((0.6, -0.4, 0.2), 100, 0.62, 10),
            1_000,
        ),
        _published("Bernoulli, Replace, p = 0.3, n = 100, 50 generations", Counted("Bernoulli", 0.3, 100, 50), 10_000),
        _published("Poisson, Replace, mean 3, n = 100, 100 generations", Counted("Poisson", 3.0, 100, 100), 10_000),
        _published("10 symbols, Replace, n = 100, until one is left", LastSymbol(10, 100, 2_000), 1_000),
    ),
    "scaling": (
        _replications(RIDGE, "Isotropic ridge chain"),
        _replications(dataclasses.replace(WALK, generations=100), "Gaussian, 100 generations"),
        Sweep(
            "Isotropic ridge chain, T = 2d, 10,000 replications",
            "d",
            tuple(
                Point(d, Regression(d, Fit(2 * d, 1.0, 0.1), 10), 10_000, (OURS,)) for d in (30, 100, 300, 1_000, 3_000)
            ),
        ),
        _cores(RIDGE, "Isotropic ridge chain, 100,000 replications,", 100_000),
        _cores(WALK, "Gaussian, 500 generations, 40,000 replications,", 40_000),
        _cores(COVARIANCES, "Gaussian covariance, 1,000 replications,", 1_000),
    ),
}
FIRST_RESULT = "first-result"
VERIFICATION = "verification"
DRAWS = (
    Entry("normals", OURS, Draws("normal", 1_000), 50_000),
    Entry("chi-squares", OURS, Draws("chi-square", 1_000), 50_000),
    Entry("steps", OURS, Draws("step", 1_000), 25_000),
)
QUICK = ("ridge", "gaussian", "covariance", FIRST_RESULT)
"""The cases of a quick run that names none."""
