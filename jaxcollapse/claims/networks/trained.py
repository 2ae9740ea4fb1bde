"""Non-linear networks in the loop: a variational autoencoder of digits, a diffusion model of pentane.

The experiments are those of Gerstgrasser et al. 2024, arXiv:2404.01413, sections 3.2 and 3.3, on data that comes with
the library; what is claimed is of this page. No theorem says what a network of this kind does: each claim is about
single replications, and says what usually happens, in more than half of them. Generation ``g = 1`` is the fit to real
data alone. `vae-one-curve` alone is about means. All workflows are matrices of weights, of one program, on the same
random numbers; ``mix`` keeps real data at a half of all weight.

A network trains for a third of a second, and a claim takes minutes: ``jaxcollapse verify --networks``.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.pooled import Accumulate, Replace, Weighted
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import as_matrix, event, generation_axis
from jaxcollapse.models.networks.autoencoder import VAE
from jaxcollapse.models.networks.classifier import Classifier
from jaxcollapse.models.networks.conformers import Diffusion
from jaxcollapse.models.networks.trained import Trained
from jaxcollapse.population import datasets
from jaxcollapse.theory.networks import ancestral, orbit, soft_threshold, trace
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, Usually

SAMPLES, HELD_OUT, NOISE, LATENT = 1000, 397, 0.02, 8
_ATOMS, _CONFORMERS, _LEVELS = 5, 1000, 20
_OFF, _MARGIN, _BOND_MARGIN = 0.01, 0.03, 0.05
_CURVE, _SHORT = 5, 4  # generations


@functools.cache
def autoencoder() -> VAE:
    """Of handwritten digits: 64-64-64-(8), 3,000 steps of 64 rows, the decoder's mean."""
    x, y = datasets.digits("digit")
    order = np.random.default_rng(0).permutation(len(x))
    test, train = order[:HELD_OUT], order[HELD_OUT:]
    return VAE(x[train], x[test], Classifier(x[train], y[train]), latent=LATENT, noise=NOISE)


@functools.cache
def diffusion() -> Diffusion:
    """Of pentane at 300 K in internal coordinates: 20 levels, 3,000 steps of 128 rows."""
    with jax.ensure_compile_time_eval():
        real = datasets.alkane(jax.random.key(5), 2 * _CONFORMERS, _ATOMS, 300.0)
    return Diffusion(real._replace(x=real.x[_CONFORMERS:]), real.x[:_CONFORMERS], levels=_LEVELS)


def matrices(generations: int) -> dict[str, np.ndarray]:
    """Replace, accumulate, and a mixture with a half of real data: what weight each batch has."""
    sizes = dict(samples=SAMPLES, generations=generations)
    workflows = {"replace": Replace(), "accumulate": Accumulate(), "mix": Mix("fixed", weight=0.5)}
    return {name: np.asarray(as_matrix(workflow, **sizes).matrix) for name, workflow in workflows.items()}


def paths(model: Trained, key: jax.Array, workflows: tuple[str, ...], generations: int) -> dict[str, dict[str, Any]]:
    """The metrics of one replication under each workflow, with the same random numbers."""
    matrix = jnp.asarray(np.stack([matrices(generations)[name] for name in workflows]))
    run = lambda m: simulate(model, Weighted(m), key=key, samples=SAMPLES, generations=generations).metrics  # noqa: E731
    found = jax.lax.map(run, matrix)
    return {name: {metric: v[i] for metric, v in found.items()} for i, name in enumerate(workflows)}


def one_curve(replace: Any, start: Any, weights: np.ndarray) -> Any:
    """What a loop does whose fit is a function of one number: the variance of its pool.

    The function is read off the curve under Replace, which begins at `start`, between the points by straight lines;
    the pool of generation ``g`` has the mean of the variances of its batches with the `weights` of row ``g - 1``.
    """
    known = jnp.concatenate([jnp.asarray(start, replace.dtype)[None], replace])
    order, before = jnp.argsort(known[:-1]), known[:-1]
    found = [known[0]]
    for row in jnp.asarray(weights, replace.dtype):
        pool = row[: len(found)] @ jnp.stack(found)
        found.append(jnp.interp(pool, before[order], replace[order]))
    return jnp.stack(found[1:])


def bond_spread(generations: int) -> Any:
    """What the sampler alone leaves of the spread of bond lengths, whose denoiser is linear, under Replace."""
    alphas = np.cos(0.5 * np.pi * np.linspace(0.98, 0.02, _LEVELS + 1)[:-1])
    return jnp.sqrt(orbit([1.0], ancestral(alphas), Replace(), generations=generations)[:, 0])


def _rises(make: Callable, metric: str, generations: int, sign: float = 1.0) -> Callable:
    """Under Replace: at every generation the metric is larger than at the one before (smaller for ``sign = -1``)."""

    def experiment(key):
        path = paths(make(), key, ("replace",), generations)["replace"][metric]
        return event(sign * jnp.diff(path) > 0, path)

    return experiment


def _below_replace(make: Callable, metric: str, generations: int, first: int) -> Callable:
    """At every generation from the `first` on the metric is smaller where data accumulates."""

    def experiment(key):
        found = paths(make(), key, ("replace", "accumulate"), generations)
        replace, accumulate = found["replace"][metric], found["accumulate"][metric]
        return event((accumulate < replace)[first - 1 :], replace, accumulate)

    return experiment


def _stands(make: Callable, metric: str, generations: int, since: int, first: int) -> Callable:
    """With real data the metric moved `since` a generation by less than half of what it did under Replace."""

    def experiment(key):
        found = paths(make(), key, ("replace", "mix"), generations)
        replace, mix = (jnp.abs(path[first - 1 :] - path[since - 1]) for path in (found[w][metric] for w in found))
        return event(mix < 0.5 * replace, replace, mix)

    return experiment


def _accumulation_goes_on(key):
    """Three generations later the loss is higher."""
    path = paths(autoencoder(), key, ("accumulate",), 6)["accumulate"]["nelbo"]
    return event(path[3:] > path[:-3], path)


def linear_variance(generations: int) -> dict[str, np.ndarray]:
    """The pixel variance of a linear autoencoder with as many latent directions, under Replace and Accumulate.

    Each generation takes ``beta noise`` from every direction that is kept; an accumulating pool, only its share.
    """
    values = np.linalg.eigvalsh(np.cov(np.asarray(autoencoder().rows, float).T, ddof=0))[::-1][:LATENT]
    sizes, loss = dict(samples=SAMPLES, generations=generations), soft_threshold(NOISE)
    flows = {"replace": Replace(), "accumulate": Accumulate()}
    return {name: np.asarray(trace(values, loss, flow, **sizes)) for name, flow in flows.items()}


def _below_linear(key):
    """From the second generation on, under Replace and then where data accumulates."""
    bounds = linear_variance(_CURVE)
    found = paths(autoencoder(), key, tuple(bounds), _CURVE)
    return jnp.concatenate([event((found[n]["variance"] < b)[1:], found[n]["variance"]) for n, b in bounds.items()])


def _is_one_curve(key):
    """The mean of measured over predicted, over generations 2 to 5, under Accumulate and with a half of real data."""
    model = autoencoder()
    found = paths(model, key, ("replace", "accumulate", "mix"), _CURVE)
    start, curve = model.rows.var(axis=0).sum(), found["replace"]["variance"]
    predicted = {name: one_curve(curve, start, matrices(_CURVE)[name]) for name in ("accumulate", "mix")}
    return jnp.stack([(found[name]["variance"] / values)[1:].mean() for name, values in predicted.items()])


def _bonds_follow_the_filter(key):
    """The spread of the bond lengths, in units of the real one, is within 5 % of what the sampler alone does."""
    spread = paths(diffusion(), key, ("replace",), _SHORT)["replace"]["bond_spread"]
    return event(jnp.abs(spread / bond_spread(_SHORT) - 1) < _BOND_MARGIN, spread)


_claim = functools.partial(Claim, relation=Usually(), first_look=32, networks=True)
_OF_DIGITS = (
    "VAE 64-64-64-(8) of 8 x 8 digits, 1,400 real and 397 held out, n = 1,000, σ² = .02, β = 1, 3,000 steps of Adam on "
    "64 rows, decoder mean"
)
_OF_PENTANE = (
    "diffusion of pentane in internal coordinates, 1,000 real and 1,000 held out, n = 1,000, 3 hidden layers of 64, "
    "3,000 steps of Adam on 128 rows, 20 levels"
)
_digits = functools.partial(_claim, protocol=_OF_DIGITS)
_pentane = functools.partial(_claim, protocol=_OF_PENTANE)


def _half(entries: int) -> np.ndarray:
    return np.full(entries, 0.5)


CLAIMS = (
    _digits(
        name="vae-replace",
        statement="Under Replace the negative ELBO of held-out digits usually rises at every generation.",
        theory=_half(_CURVE - 1),
        experiment=_rises(autoencoder, "nelbo", _CURVE),
        formula="P(L_g > L_{g−1}) > 1/2",
        axis=generation_axis(range(2, _CURVE + 1)),
        quantity="probability that −ELBO rose",
    ),
    _digits(
        name="vae-replace-diversity",
        statement="Under Replace the labels of generated digits usually become less evenly spread at every generation.",
        theory=_half(_SHORT - 1),
        experiment=_rises(autoencoder, "entropy", _SHORT, -1.0),
        formula="P(H_g < H_{g−1}) > 1/2",
        axis=generation_axis(range(2, _SHORT + 1)),
        quantity="probability that the label entropy fell",
    ),
    _digits(
        name="vae-accumulate",
        statement="From the second generation on the negative ELBO is usually lower where data accumulates.",
        theory=_half(_CURVE - 1),
        experiment=_below_replace(autoencoder, "nelbo", _CURVE, 2),
        formula="P(L_g accumulate < L_g replace) > 1/2",
        axis=generation_axis(range(2, _CURVE + 1)),
        quantity="probability that −ELBO is lower",
    ),
    _digits(
        name="vae-accumulate-still-rises",
        statement="Where data accumulates the negative ELBO does not settle: it is usually higher three fits later.",
        theory=_half(3),
        experiment=_accumulation_goes_on,
        formula="P(L_{g+3} > L_g) > 1/2",
        axis=generation_axis(range(4, 7)),
        quantity="probability that −ELBO rose",
    ),
    _digits(
        name="vae-mix-plateau",
        statement="With a half of real data the negative ELBO moves from the third generation on by less than half of "
        "what it rises by under Replace.",
        theory=_half(2),
        experiment=_stands(autoencoder, "nelbo", 6, 3, 5),
        formula="P(|L_g − L_3| mix < |L_g − L_3| replace / 2) > 1/2",
        axis=generation_axis(range(5, 7)),
        quantity="probability that it stands",
    ),
    _digits(
        name="vae-below-linear",
        statement="From the second generation on the pixel variance is usually below that of a linear autoencoder.",
        theory=_half(2 * (_CURVE - 1)),
        experiment=_below_linear,
        formula="V_g < Σ_{i ≤ 8} λ_i − 8 βσ² h, h = g (replace) or Σ_{i ≤ g} 1/i (accumulate)",
        labels=tuple(f"{name}, g = {g}" for name in ("replace", "accumulate") for g in range(2, _CURVE + 1)),
        quantity="probability that it is below",
    ),
    _digits(
        name="vae-one-curve",
        statement="The pixel variance under Accumulate and with a half of real data follows from the curve under "
        "Replace alone: measured over predicted, averaged over generations 2 to 5, has a mean within 3 % of one.",
        theory=np.ones(2),
        relation=Asymptotic(allowance=_OFF, tolerance=_MARGIN - _OFF),
        experiment=_is_one_curve,
        formula="V_g = f(Σ_i W_{gi} V_{i−1}), f(V_{g−1}) = V_g under Replace",
        labels=("accumulate", "mix"),
        quantity="mean ratio of measured and predicted",
    ),
    _pentane(
        name="molecule-replace",
        statement="Under Replace the denoising loss of held-out conformers usually rises at every generation.",
        theory=_half(_SHORT - 1),
        experiment=_rises(diffusion, "loss", _SHORT),
        formula="P(L_g > L_{g−1}) > 1/2",
        axis=generation_axis(range(2, _SHORT + 1)),
        quantity="probability that the loss rose",
    ),
    _pentane(
        name="molecule-diversity",
        statement="Under Replace the entropy of the torsion states usually falls at every generation.",
        theory=_half(_SHORT - 1),
        experiment=_rises(diffusion, "entropy", _SHORT, -1.0),
        formula="P(H_g < H_{g−1}) > 1/2",
        axis=generation_axis(range(2, _SHORT + 1)),
        quantity="probability that the entropy fell",
    ),
    _pentane(
        name="molecule-bonds",
        statement="Under Replace the bond lengths narrow as the sampler's linear filter says, usually within 5 %.",
        theory=_half(_SHORT),
        experiment=_bonds_follow_the_filter,
        formula="s_g² = f(s_{g−1}²), f the ancestral sampler with the best linear denoiser, s_0 = 1",
        axis=generation_axis(_SHORT),
        quantity="probability of a ratio in (.95, 1.05)",
    ),
    _pentane(
        name="molecule-accumulate",
        statement="From the third generation on the denoising loss is usually lower where data accumulates.",
        theory=_half(_SHORT - 2),
        experiment=_below_replace(diffusion, "loss", _SHORT, 3),
        formula="P(L_g accumulate < L_g replace) > 1/2",
        axis=generation_axis(range(3, _SHORT + 1)),
        quantity="probability that the loss is lower",
    ),
    _pentane(
        name="molecule-mix-plateau",
        statement="With a half of real data the entropy of the torsion states moves from the second generation on by "
        "less than half of what it falls by under Replace.",
        theory=_half(2),
        experiment=_stands(diffusion, "entropy", _SHORT, 2, 3),
        formula="P(|H_g − H_2| mix < |H_g − H_2| replace / 2) > 1/2",
        axis=generation_axis(range(3, _SHORT + 1)),
        quantity="probability that it stands",
    ),
)
