"""jaxcollapse through its public interface: `monte_carlo` over `simulate`."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

import jaxcollapse as jc
from jaxcollapse.random import chi_square, normal
from peers.summary import Simulator, Summary
from tasks import (
    Chain,
    Counted,
    Covariance,
    Draws,
    ExpectedCurve,
    Gaussian,
    LastSymbol,
    PoissonRegression,
    Published,
    Regression,
    Subsampled,
    Task,
)


def simulator(task: Task, precision: str, replications: int) -> Simulator:
    match task:
        case ExpectedCurve():
            return Simulator(replications, lambda seed, _: _expected_curve(task, seed))
        case Draws():
            return _replications(_draws(task))
        case _:
            return _replications(*_experiment(task))


def _replications(experiment: Callable, grid: jc.Grid | None = None) -> Simulator:
    def run(seed, replications):
        key = jax.random.key(seed)
        return _summary(jc.monte_carlo(experiment, key, replications, grid=grid, progress=False))

    return Simulator(1, run)


def _expected_curve(task: ExpectedCurve, seed: int) -> Summary:
    """The mean without paths: conditional expectations, which a few designs average."""
    chain = task.chain
    model = jc.LinearRegression(_spectrum(chain), noise=chain.fit.noise, penalty=chain.fit.penalty).expected()
    estimate = jc.monte_carlo(_risk(model, chain), jax.random.key(seed), 64, progress=False)
    return _summary(estimate.refine(rtol=task.rtol, max_replications=10**6, progress=False))


def _summary(estimate: jc.Estimate) -> Summary:
    """What peers return too; of several curves, side by side along a last axis."""
    mean = _side_by_side(estimate.mean)
    return Summary(estimate.count, mean, _side_by_side(estimate.variance) if estimate.count > 1 else 0 * mean)


def _side_by_side(curves: np.ndarray | tuple[np.ndarray, ...]) -> np.ndarray:
    return np.stack(curves, axis=-1) if isinstance(curves, tuple) else curves


def _experiment(chain: Chain | Published) -> tuple[Callable, jc.Grid | None]:
    """A replication as a function of a key, and of a point of a grid if there is one."""
    match chain:
        case Regression():
            return (_regression(chain), None) if chain.downstream is None else _downstream(chain)
        case Gaussian():
            return _gaussian(chain), None
        case Covariance():
            return _covariance(chain), None
        case Subsampled(Regression()):
            return _regression(chain.chain, jc.AccumulateSubsample()), None
        case Subsampled(Covariance()):
            return _covariance(chain.chain, jc.AccumulateSubsample()), None
        case Counted():
            return _counted(chain), None
        case LastSymbol():
            return _last_symbol(chain), None
        case PoissonRegression():
            return _poisson_regression(chain), None


def _spectrum(chain: Regression) -> jc.theory.Spectrum:
    if chain.capacity is None:
        return jc.theory.Spectrum.isotropic(chain.dim)
    return jc.theory.Spectrum.power_law(chain.dim, capacity=chain.capacity, source=chain.source)


def _regression(chain: Regression, workflow: jc.Workflow | None = None) -> Callable:
    fit, design = chain.fit, "fixed" if chain.fixed else "fresh"
    model = jc.LinearRegression(
        _spectrum(chain), noise=fit.noise, penalty=fit.penalty, design=design, sampling=_sampling(workflow)
    )
    return _risk(model, chain, workflow)


def _sampling(workflow: jc.Workflow | None) -> str:
    """A workflow that picks rows needs them."""
    return "raw" if workflow and workflow.needs_rows else "exact"


def _risk(model: jc.Model, chain: Regression, workflow: jc.Workflow | None = None) -> Callable:
    workflow = workflow or (jc.Accumulate() if chain.accumulate else jc.Replace())
    samples, generations = chain.fit.samples, chain.generations
    return lambda key: jc.simulate(model, workflow, key=key, samples=samples, generations=generations).risk


def _downstream(chain: Regression) -> tuple[Callable, jc.Grid]:
    """The fit after `fakes` generations is generation ``fakes + 1`` of a chain whose settings change there."""
    spectrum, before, last = _spectrum(chain), chain.fit, chain.downstream

    def risk(key, fakes):
        def at_last(value, otherwise):
            return lambda g: jnp.where(g == fakes + 1, value, otherwise)

        noise, penalty = at_last(last.noise, before.noise), at_last(last.penalty, before.penalty)
        model = jc.LinearRegression(spectrum, noise=noise, penalty=penalty)
        samples = at_last(last.samples, before.samples)
        run = jc.simulate(model, jc.Replace(), key=key, samples=samples, generations=chain.generations)
        return run.risk[fakes]

    return risk, jc.Grid(fakes=jnp.arange(chain.generations))


def _gaussian(chain: Gaussian) -> Callable:
    def moments(key):
        model = jc.Gaussian(ddof=1)
        run = jc.simulate(model, jc.Replace(), key=key, samples=chain.samples, generations=chain.generations)
        return run.log_variance[-1] if chain.last else (run.mean, run.log_variance)

    return moments


def _covariance(chain: Covariance, workflow: jc.Workflow | None = None) -> Callable:
    def moments(key):
        model = jc.MultivariateGaussian(jnp.eye(chain.dim), ddof=1, sampling=_sampling(workflow))
        flow = workflow or jc.Replace()
        run = jc.simulate(model, flow, key=key, samples=chain.samples, generations=chain.generations)
        return run.log_determinant, jnp.log(run.trace)

    return moments


def _counted(chain: Counted) -> Callable:
    model = getattr(jc, chain.family)(chain.mean)
    sizes = dict(samples=chain.samples, generations=chain.generations)
    return lambda key: jc.simulate(model, jc.Replace(), key=key, **sizes).estimate


def _last_symbol(chain: LastSymbol) -> Callable:
    model = jc.Categorical(jnp.full(chain.symbols, 1 / chain.symbols))
    sizes = dict(samples=chain.samples, generations=chain.generations)
    alone = lambda probabilities: jnp.max(probabilities) == 1  # noqa: E731
    return lambda key: jc.simulate(model, jc.Replace(), key=key, **sizes, until=alone).until.time


def _poisson_regression(chain: PoissonRegression) -> Callable:
    spectrum = jc.theory.Spectrum.from_eigenvalues(jnp.ones(len(chain.coefficients)), jnp.array(chain.coefficients))
    real = round(chain.real * chain.samples)
    sizes = np.where(np.arange(chain.generations) == 0, chain.samples, real)
    model, workflow = jc.PoissonRegression(spectrum), jc.Mix("fresh", real_samples=sizes)
    others = dict(samples=chain.samples - real, generations=chain.generations)
    return lambda key: jc.simulate(model, workflow, key=key, **others).squared_error


def _draws(task: Draws) -> Callable:
    """Numbers from the streams of one key in a compiled loop, added up."""

    def total(key):
        def step(i, state):
            mean, log_variance = state
            match task.kind:
                case "normal":
                    return mean + normal(key, stream=i), log_variance
                case "chi-square":
                    return mean, log_variance + chi_square(key, 100.0, stream=8 * i)
            mean += jnp.exp(0.5 * log_variance) * normal(key, stream=8 * i) / 10
            return mean, log_variance + jnp.log(chi_square(key, 100.0, stream=8 * i + 1) / 100)

        return jnp.stack(jax.lax.fori_loop(0, task.count, step, (jnp.zeros(()), jnp.zeros(()))))

    return total
