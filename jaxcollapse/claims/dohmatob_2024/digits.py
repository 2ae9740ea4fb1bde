"""Figure 4 on handwritten digits: kernel ridge regression on fake labels of real images.

Generators and the downstream fit are kernel ridge regressions with label noise of one. The rule for clean data is
``lambda(T) = 2/T``: the exponent is ``beta/(2 beta r + 1)`` for the capacity ``beta`` and the source ``r`` of these
spectra (1.00 and 1.05), and the constant is that of the best penalty for clean data. All generators keep to it.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.dohmatob_2024.protocol import claim
from jaxcollapse.models.regression.kernel_ridge import KernelRidge
from jaxcollapse.population import datasets, kernels
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, AtMost

GENERATOR_SAMPLES, FAKES, TEST = 50, 4, 400


def rbf(inputs: Float[Any, "points dim"]) -> Float[Array, "points points"]:
    """The Gaussian kernel of the figure on digits."""
    return kernels.rbf(inputs, bandwidth=0.05)


def polynomial(inputs: Float[Any, "points dim"]) -> Float[Array, "points points"]:
    """The polynomial kernel of the figure on digits, with a mean of about one on its diagonal."""
    return kernels.polynomial(inputs, degree=5, scale=0.02, offset=0.7)


def rule(samples: float) -> float:
    """The penalty for clean data of this size."""
    return 2 / samples


class Cell(NamedTuple):
    """One downstream fit: on `samples` points, with the penalty that the rule gives for `tuned_for` points."""

    samples: int
    generators: int
    tuned_for: int

    def __str__(self) -> str:
        """Its label in a picture."""
        name = "λ(T)" if self.tuned_for == self.samples else "λ(T₀)"
        return f"n = {self.generators}, T = {self.samples}, {name}"


CELLS = tuple(
    Cell(samples, generators, tuned_for)
    for samples in (GENERATOR_SAMPLES, 4 * GENERATOR_SAMPLES)
    for generators in (0, FAKES)
    for tuned_for in sorted({samples, GENERATOR_SAMPLES})
)
LARGEST = CELLS[2:]
# Theory has no points that are drawn twice, of which there are more in a larger sample. Noise of fake labels hides it.
ALLOWANCE = np.array([0.02 if cell.generators == 0 and cell.tuned_for > GENERATOR_SAMPLES else 0.015 for cell in CELLS])
TOLERANCE = np.array([0.05 if cell.generators else 0.02 for cell in CELLS])  # four fakes triple the variance


def theory(kernel: Callable[..., Array], cells: Sequence[Cell] = CELLS) -> Float[Array, " cells"]:
    """The closed form for the spectrum of the kernel on all digits."""
    inputs, targets = datasets.digits()
    spectrum = Spectrum.from_kernel(kernel(inputs), targets)

    def risk(cell: Cell) -> Float[Array, ""]:
        sizes = jnp.array([GENERATOR_SAMPLES] * cell.generators + [cell.samples])
        penalties = jnp.array([rule(GENERATOR_SAMPLES)] * cell.generators + [rule(cell.tuned_for)])
        chain = regression.ridge_replace(
            spectrum, samples=sizes, noise=1.0, penalty=penalties, generations=cell.generators + 1
        )
        return chain[-1]

    return jnp.stack([risk(cell) for cell in cells])


def experiment(
    kernel: Callable[..., Array], key: Key[Array, ""], cells: Sequence[Cell] = CELLS
) -> Float[Array, " cells"]:
    """One replication of every cell: the same generators, the same split, and the same points of one size."""
    inputs, targets = datasets.digits()
    matrix = kernel(inputs)
    split_key, fake_key, key = jax.random.split(key, 3)
    # Any stretch of a random order serves as test set; a new order for each replication would cost more than the fits.
    order = jnp.roll(_order(len(targets)), jax.random.randint(split_key, (), 0, len(targets)))

    def model(penalty) -> KernelRidge:
        return KernelRidge(matrix, targets, noise=1.0, penalty=penalty, test=TEST, order=order)

    generator = model(rule(GENERATOR_SAMPLES))
    chain = simulate(generator, Replace(), key=fake_key, samples=GENERATOR_SAMPLES, generations=FAKES).params
    labellers = jnp.concatenate([generator.truth()[None], chain])
    risks = []
    for samples, group in itertools.groupby(cells, lambda cell: cell.samples):
        same = list(group)

        def risk(labeller, penalty, samples=samples):
            run = simulate(model(penalty), Replace(), key=key, samples=samples, generations=1, truth=labeller)
            return run.risk[0]

        generators, penalties = (
            jnp.array([cell.generators for cell in same]),
            jnp.array([rule(cell.tuned_for) for cell in same]),
        )
        risks.append(jax.vmap(risk)(labellers[generators], penalties))
    return jnp.concatenate(risks)


def ratios(kernel: Callable[..., Array], key: Key[Array, ""]) -> Float[Array, " generators"]:
    """At the largest size: ``lambda(T)`` against ``lambda(T0)`` on real labels, the other way round on fake ones."""
    (real_small, real), (fake_small, fake) = experiment(kernel, key, LARGEST).reshape(2, 2)
    return jnp.stack([real / real_small, fake_small / fake])


def _order(points: int) -> Int[np.ndarray, " points"]:
    return np.random.default_rng(0).permutation(points)


_ON_DIGITS = (
    "1,797 digits, parity as target, σ = σ₀ = 1, 400 held out at random, the others drawn with replacement; "
    "n = 0 or 4 generators, T₀ = 50, λ(T) = 2/T; "
)
_KERNELS = {"rbf": (rbf, "exp(−0.05 |x − x′|²)"), "polynomial": (polynomial, "(0.02 x·x′ + 0.7)⁵")}


def _kernel_claim(kind: str, statement: str) -> Claim:
    kernel, formula = _KERNELS[kind]
    return claim(
        name=f"dohmatob-figure-4-{kind}",
        statement=statement,
        theory=lambda: theory(kernel),
        experiment=lambda key: experiment(kernel, key),
        relation=Asymptotic(allowance=ALLOWANCE, tolerance=TOLERANCE),
        formula="The ridge chain for K/N = UΛU′, covariance Λ and w₀ = Λ^(−1/2) U′y/√N, with N = 1,797",
        protocol=f"{_ON_DIGITS}kernel {formula}.",
        labels=tuple(str(cell) for cell in CELLS),
        first_look=2048,
    )


CLAIMS = (
    _kernel_claim(
        "rbf",
        "Real images, Gaussian kernel: theory gives the risk; more rows help on real labels, hardly on fake ones.",
    ),
    _kernel_claim(
        "polynomial",
        "Real images, polynomial kernel: theory gives the risk, as it does for a Gaussian one.",
    ),
    claim(
        name="dohmatob-figure-4-rules",
        statement="Real images: the penalty for T rows is better on real labels, that for T₀ rows on fake ones.",
        theory=np.array([0.9, 0.95, 0.9, 0.95]),
        experiment=lambda key: jnp.concatenate([ratios(kernel, key) for kernel, _ in _KERNELS.values()]),
        relation=AtMost(),
        formula="R(λ(T))/R(λ(T₀)) ≤ 0.9 for n = 0, R(λ(T₀))/R(λ(T)) ≤ 0.95 for n = 4: two lines of ours",
        protocol=f"{_ON_DIGITS}T = 200, kernels {' and '.join(formula for _, formula in _KERNELS.values())}.",
        labels=tuple(f"{kind}, n = {n}" for kind in ("Gaussian", "polynomial") for n in (0, FAKES)),
        quantity="ratio of excess risks",
        first_look=512,
    ),
)
