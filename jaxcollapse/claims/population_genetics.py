"""Results without a paper: the exact theory of population genetics for categorical loops.

Rows are individuals, symbols alleles, a model their frequencies. Replacing data is the model of Wright and Fisher, real
rows are mutants, a replay buffer is the model of Moran, accumulating row by row is Polya's urn. The laws are classical;
the recursions for workflows are derived here. Generation ``g = 1`` is the fit to real data.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.mix import Mix
from jaxcollapse.chain.model import Wrapper
from jaxcollapse.chain.pooled import Accumulate, AccumulateSubsample, MovingAverage, Replace, Weighted, Window
from jaxcollapse.chain.replay import ReplayBuffer
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import as_matrix, shared
from jaxcollapse.models.biased import Biased
from jaxcollapse.models.discrete.categorical import Categorical
from jaxcollapse.models.discrete.contaminated import ContaminatedCategorical
from jaxcollapse.theory import discrete
from jaxcollapse.theory.special import binomial_law
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, Equal, Probability

REFERENCE = None
_LANGUAGE = np.array([0.5, 0.3, 0.15, 0.05])
_TEXT, _SHARES, _TIMES = shared(samples=20, generations=12), np.array([0.02, 0.1, 0.4]), np.array([1, 3, 12])
_BY_SHARE = tuple(f"α = {share:g}, g = {time}" for share in _SHARES for time in _TIMES)


def _contaminated(metric: str):
    def experiment(key):
        def at(share):
            run = simulate(ContaminatedCategorical(_LANGUAGE, real_share=share), Replace(), key=key, **_TEXT)
            return run.metrics[metric][_TIMES - 1]

        return jnp.concatenate(jax.lax.map(at, jnp.asarray(_SHARES)))

    return experiment


def _by_share(curve):
    """One computation for all shares."""
    return jax.jit(jax.vmap(curve))(_SHARES)[:, _TIMES - 1].ravel()


def _diversity_theory():
    error = lambda share: discrete.contaminated_replace(_LANGUAGE, real_share=share, **_TEXT)  # noqa: E731
    return _by_share(lambda share: 1 - np.sum(_LANGUAGE**2) - error(share))


def _support_theory():
    lost = lambda share: discrete.contaminated_replace_lost(_LANGUAGE, real_share=share, **_TEXT)  # noqa: E731
    return _by_share(lambda share: jnp.sum(1 - lost(share), axis=1))


_TEACHERS, _LATER = np.array([0.0, 0.5, 1.0]), np.array([1, 2])
_FEW = shared(samples=6.0, generations=3)


def _forgotten(key):
    """First and second differences over the teachers' shares of what becomes of a share and of its square."""
    model = ContaminatedCategorical(_SYMBOL, real_share=0.2)

    def after(share):
        first = jnp.stack([share, 1 - share])
        return simulate(model, Replace(), key=key, first=first, **_FEW).params[_LATER, 0]

    none, half, whole = jax.lax.map(after, jnp.asarray(_TEACHERS))
    return jnp.concatenate([whole - none, 2 * (whole**2 - 2 * half**2 + none**2)])


def _forgotten_theory():
    rates = discrete.contaminated_replace_spectrum(samples=6, real_share=0.2)
    return jnp.concatenate([rate**_LATER for rate in rates[1:3]])


_STAYS, _POWERS = shared(samples=30.0, real_share=0.05), np.array([2, 3])


def _powers(key):
    """Of the share of a symbol, when its law has become stationary."""
    model = ContaminatedCategorical(_SYMBOL, real_share=_STAYS["real_share"])
    run = simulate(model, Replace(), key=key, samples=_STAYS["samples"], generations=60)
    return run.params[-1, 0] ** _POWERS


def _powers_theory():
    """Of a Dirichlet law."""
    theta, i = discrete.contaminated_replace_concentration(**_STAYS), jnp.arange(3)
    return jnp.cumprod((theta * _SYMBOL[0] + i) / (theta + i))[_POWERS - 1]


_PAIR, _SIZES = np.array([0.5, 0.5]), shared(samples=6, generations=12)
_WEIGHED = ("window of 2", "moving average, gain 0.4")
_WORKFLOWS = {
    "window of 2": lambda: Window(2),
    "moving average, gain 0.4": lambda: MovingAverage(0.4),
    "random part of all": lambda: AccumulateSubsample(),
    "buffer of 12, random": lambda: ReplayBuffer(12),
    "buffer of 12, oldest": lambda: ReplayBuffer(12, evict="oldest"),
    "2 fresh real rows": lambda: Mix("fresh", real_samples=2, first="all"),
}


def _diversities(key):
    """Of the workflows that weights describe by one program, and of the others."""
    run = lambda flow, **how: simulate(Categorical(_PAIR, **how), flow, key=key, **_SIZES).diversity[-1] / 0.5  # noqa: E731
    matrices = jnp.stack([as_matrix(_WORKFLOWS[name](), **_SIZES).matrix for name in _WEIGHED])
    weighed = jax.lax.map(lambda matrix: run(Weighted(matrix)), matrices)
    others = [run(make(), sampling="raw") for name, make in _WORKFLOWS.items() if name not in _WEIGHED]
    return jnp.concatenate([weighed, jnp.stack(others)])


def _diversities_theory():
    before = lambda w: discrete.remaining_diversity(w, **_SIZES)[-2]  # noqa: E731
    kept = lambda w: 1 - 1 / discrete.effective_size(w, **_SIZES)[-1]  # noqa: E731
    return jax.jit(lambda: jnp.stack([before(make()) * kept(make()) for make in _WORKFLOWS.values()]))()


_DISTANT = {"a share 0.1 is real": 0.1, "accumulate": 0.0}


def _distances(key):
    """The chi-square distances from the truth, of batches with some real draws and of a pool."""
    matrices = jnp.stack([as_matrix(flow, **_TEXT).matrix for flow in (Replace(), Accumulate())])

    def distance(matrix, share):
        run = simulate(ContaminatedCategorical(_LANGUAGE, real_share=share), Weighted(matrix), key=key, **_TEXT)
        return jnp.sum((run.params[_TIMES - 1] - _LANGUAGE) ** 2 / _LANGUAGE, axis=1)

    shares = jnp.array(list(_DISTANT.values()))
    return jax.lax.map(lambda case: distance(*case), (matrices, shares)).ravel()


def _distances_theory():
    law = lambda flow, share: discrete.chi_square_from_truth(flow, symbols=4, real_share=share, **_TEXT)  # noqa: E731
    cases = zip((Replace(), Accumulate()), _DISTANT.values(), strict=True)
    return jnp.concatenate([law(*case)[_TIMES - 1] for case in cases])


_LINES, _AGES = 200, np.array([51, 101])


def _ancestors(key):
    """How many of the first draws, no two of which are of one kind, have descendants."""
    parents = jax.random.randint(key, (2, _LINES // 4, _LINES), 0, _LINES)

    def age(first, parents):
        first = jax.lax.scan(lambda first, parents: (first[parents], None), first, parents)[0]
        return first, jnp.sum(jnp.zeros(_LINES).at[first].set(1.0))

    return jax.lax.scan(age, jnp.arange(_LINES), parents)[1]


def _ancestors_theory():
    counts = discrete.categorical_replace_ancestors_limit(samples=_LINES, generations=int(_AGES[-1]))
    return counts[_AGES - 1]


def _events(capacity: int, number: int):
    """A buffer that is full of real rows, and then one row at a time."""
    return shared(samples=np.array([capacity] + [1] * number), generations=number + 1)


_ROWS, _REAL, _SYMBOL = 4, 0.4, np.array([0.4, 0.6])


def _counts(key):
    model = ContaminatedCategorical(_SYMBOL, real_share=_REAL, sampling="raw")
    share = simulate(model, ReplayBuffer(_ROWS), key=key, **_events(_ROWS, 30)).params[-1, 0]
    return jnp.round(_ROWS * share) == jnp.arange(_ROWS + 1)


def _counts_theory():
    return discrete.contaminated_replay_law(_SYMBOL, capacity=_ROWS, real_share=_REAL)[:, 0]


_MEMORY, _RARE = np.array([1, 4, 8]), np.full(300, 1 / 300)


def _remembered(key):
    """The product of the deviations of the first buffer and of later ones, in units of the variance of the first."""
    model = ContaminatedCategorical(_SYMBOL, real_share=_REAL, sampling="raw")
    share = simulate(model, ReplayBuffer(_ROWS), key=key, **_events(_ROWS, 8)).params[:, 0] - _SYMBOL[0]
    return share[0] * share[_MEMORY] * _ROWS / np.prod(_SYMBOL)


def _remembered_theory():
    return discrete.contaminated_replay_spectrum(capacity=_ROWS, real_share=_REAL)[1] ** _MEMORY


class _From(Wrapper):
    """A buffer that begins with so many rows of the symbol."""

    model: ContaminatedCategorical
    count: Any

    def real(self, key, truth, n):
        return Samples((jnp.arange(n) >= self.count).astype(jnp.int32))


_RETURNS = np.array([2, 6])


def _returned(key):
    """From how many of all counts the buffer is back after some events."""
    model = ContaminatedCategorical(_SYMBOL, real_share=_REAL, sampling="raw")

    def back(count):
        run = simulate(_From(model, count), ReplayBuffer(_ROWS), key=key, **_events(_ROWS, int(_RETURNS[-1])))
        return jnp.round(_ROWS * run.params[_RETURNS, 0]) == count

    return jnp.sum(jax.lax.map(back, jnp.arange(_ROWS + 1)), axis=0, dtype=float)


def _returned_theory():
    half = _RETURNS // 2
    told = discrete.contaminated_replay_information(capacity=_ROWS, real_share=_REAL, events=int(half[-1]))
    return 1 + told[half - 1]


def _originals(key):
    model = ContaminatedCategorical(_RARE, real_share=_REAL, sampling="raw")
    return simulate(model, ReplayBuffer(_ROWS), key=key, **_events(_ROWS, 20)).support[-1]


_SMALL, _PREFERENCE, _LONG = 5, 1.5, 110


def _favoured(probabilities):
    copied = probabilities * jnp.array([_PREFERENCE, 1.0])
    return copied / jnp.sum(copied)


def _taken_over(key):
    model = Biased(Categorical(_SYMBOL, sampling="raw"), _favoured)
    return simulate(model, ReplayBuffer(_SMALL), key=key, **_events(_SMALL, _LONG)).params[-1, 0] == 1


def _duration(key):
    model = Categorical(_SYMBOL, sampling="raw")
    run = simulate(model, ReplayBuffer(_SMALL), key=key, **_events(_SMALL, _LONG))
    return jnp.sum(run.support > 1.5)


def _from_real_rows(of_counts):
    """The mean over the number of real rows of the symbol in the first buffer."""
    return binomial_law(jnp.asarray(_SYMBOL[0]), draws=_SMALL) @ of_counts


_URN, _ADDED = 3, 5


def _urn(key):
    sizes = shared(samples=np.array([_URN] + [1] * _ADDED), generations=_ADDED + 1)
    share = simulate(Categorical(_PAIR), Accumulate(), key=key, **sizes).params[-1, 0]
    return jnp.round((_URN + _ADDED) * share) == jnp.arange(_URN + _ADDED + 1.0)


def _urn_theory():
    total = jnp.zeros(_URN + _ADDED + 1)
    for own, chance in enumerate(binomial_law(jnp.asarray(_PAIR[0]), draws=_URN)):
        added = discrete.categorical_accumulate_urn([float(own), float(_URN - own)], draws=_ADDED)[:, 0]
        total = total.at[own : own + _ADDED + 1].add(chance * added)
    return total


CLAIMS = (
    Claim(
        name="own-contaminated-diversity",
        statement="A small share of real draws keeps a share of the diversity for ever, where data is replaced.",
        theory=_diversity_theory,
        experiment=_contaminated("diversity"),
        relation=Equal(tolerance=0.02),
        formula="V_g = H/n + (1 − 1/n)(1 − α)² V_{g−1}, E diversity = H − V_g; V → (H/n)/(1 − (1 − α)²(1 − 1/n))",
        protocol="Probabilities 0.5, 0.3, 0.15, 0.05; n = 20 draws, each real with probability α, replace.",
        labels=_BY_SHARE,
        quantity="probability that two draws differ",
    ),
    Claim(
        name="own-contaminated-support",
        statement="How many symbols are there follows from ancestors whose lines end where a draw is real.",
        theory=_support_theory,
        experiment=_contaminated("support"),
        relation=Equal(tolerance=0.02),
        formula=(
            "E support = Σ_i (1 − v_g(n)), v_g(j) = Σ_l Bin(j, α)(l)(1 − p_i)^l Σ_m P(j − l balls hit m of n bins) "
            "v_{g−1}(m)"
        ),
        protocol="Probabilities 0.5, 0.3, 0.15, 0.05; n = 20 draws, each real with probability α, replace.",
        labels=_BY_SHARE,
        quantity="symbols that are there",
    ),
    Claim(
        name="own-contaminated-memory",
        statement="What a model knew is forgotten at the rate of real draws, how sure it was at twice that and drift.",
        theory=_forgotten_theory,
        experiment=_forgotten,
        relation=Equal(tolerance=0.03),
        formula="λ_j = (1 − α)^j Π_{i<j} (1 − i/n); share λ₁^t, square λ₂^t, from E p²_t(1) − 2 E p²_t(½) + E p²_t(0)",
        protocol="Symbol of probability 0.4; n = 6 draws, of which a share 0.2 is real; teachers with 0, 1/2, 1 of it.",
        labels=tuple(f"{what}, t = {t}" for what in ("share", "its square") for t in _LATER),
        quantity="what is left of a difference",
    ),
    Claim(
        name="own-contaminated-law",
        statement="The frequencies of a batch into which real draws come have about a Dirichlet law, as of mutation.",
        theory=_powers_theory,
        experiment=_powers,
        relation=Asymptotic(allowance=0.005, tolerance=0.02),
        formula="p_g → Dirichlet(θ p), θ = (n − 1) α (2 − α), second moments exactly",
        protocol="Symbol of probability 0.4; n = 30 draws, of which a share 0.05 is real, replace; generation 60.",
        labels=tuple(f"mean of the power {power}" for power in _POWERS),
        quantity="moment of the share of a symbol",
    ),
    Claim(
        name="own-effective-size",
        statement="Every workflow has an effective size; a buffer that drops its oldest rows has half that of chance.",
        theory=_diversities_theory,
        experiment=_diversities,
        relation=Equal(tolerance=0.03),
        formula=(
            "E diversity/H = Π (1 − 1/n_e(g)); one row at a time 1/n_e = 2/B² at random, → 4/(B + 1)² the oldest; "
            "with n_r real of N rows V ← [n_r + n (1 − V) + n² V]/N², V = 1 − E diversity/H"
        ),
        protocol="Two symbols of probability 1/2, n = 6 draws in each of 12 generations.",
        labels=tuple(_WORKFLOWS),
        quantity="diversity left",
    ),
    Claim(
        name="own-chi-square",
        statement="How far models are from the truth in chi-square depends on the number of symbols alone.",
        theory=_distances_theory,
        experiment=_distances,
        relation=Equal(tolerance=0.025),
        formula="E D_g = (K − 1) (1 − E diversity/H); replace (K − 1)/n (1 − ρ^g)/(1 − ρ), ρ = (1 − α)² (1 − 1/n)",
        protocol="Probabilities 0.5, 0.3, 0.15, 0.05; n = 20 draws, each real with probability 0.1, or none; all kept.",
        labels=tuple(f"{flow}, g = {time}" for flow in _DISTANT for time in _TIMES),
        quantity="Σ (P − p)²/p",
        first_look=16384,
    ),
    Claim(
        name="own-ancestors",
        statement="Of many real draws about 2n/g have descendants: as many as lines of Kingman's coalescent.",
        theory=_ancestors_theory,
        experiment=_ancestors,
        relation=Asymptotic(allowance=np.array([0.021, 0.013]), tolerance=np.array([0.008, 0.014])),
        formula="Σ_j (2j − 1) n_[j]/n_(j) e^(−j(j − 1)(g − 1)/(2n))",
        protocol=f"n = {_LINES} draws, all different at g = 1, each a copy of a random one of the generation before.",
        labels=tuple(f"g = {age}" for age in _AGES),
        quantity="real draws that have descendants",
        first_look=1024,
    ),
    Claim(
        name="own-buffer-law",
        statement="The rows of a replay buffer into which some real rows come have a Dirichlet-multinomial law.",
        theory=_counts_theory,
        experiment=_counts,
        relation=Probability(tolerance=0.03),
        formula="counts ~ DirMult(n; θp), θ = nα/(1 − α), exactly at every n",
        protocol="Buffer of 4 rows, symbol of probability 0.4; 30 events, of which a share 0.4 brings a real row.",
        labels=tuple(f"{count} of {_ROWS}" for count in range(_ROWS + 1)),
        quantity="probability of a count",
    ),
    Claim(
        name="own-buffer-memory",
        statement="What a replay buffer knew of its first rows is forgotten at the rate of its real rows alone.",
        theory=_remembered_theory,
        experiment=_remembered,
        relation=Equal(tolerance=0.03),
        formula="Cov(p_t, p_0) = λ_1^t Var p_0; λ_j = 1 − jα/n − (1 − α) j (j − 1)/n²",
        protocol="Buffer of 4 real rows, symbol of probability 0.4; events of which a share 0.4 brings a real row.",
        labels=tuple(f"t = {t}" for t in _MEMORY),
        quantity="covariance with the first share",
    ),
    Claim(
        name="own-buffer-information",
        statement="What a replay buffer tells of itself is the sum of all rates at which it forgets.",
        theory=_returned_theory,
        experiment=_returned,
        relation=Equal(tolerance=0.02),
        formula="Σ_{j≥1} λ_j^{2t}, the chi-square distance; 1 + it is Σ_k P(k again after 2t events)",
        protocol="Buffer of 4 rows, from each of 5 counts of a symbol of probability 0.4; real rows with a share 0.4.",
        labels=tuple(f"{t} events" for t in _RETURNS),
        quantity="counts that are found again",
    ),
    Claim(
        name="own-buffer-originals",
        statement="The rows of a replay buffer are copies of a few real rows, as many as Ewens' formula says.",
        theory=lambda: discrete.contaminated_replay_originals(capacity=_ROWS, real_share=_REAL).mean,
        experiment=_originals,
        relation=Asymptotic(allowance=0.005, tolerance=0.02),
        formula="E originals = Σ_{j<n} θ/(θ + j), θ = nα/(1 − α)",
        protocol="Buffer of 4 rows of 300 equally likely symbols; 20 events, of which a share 0.4 brings a real row.",
        quantity="real rows of which copies are there",
    ),
    Claim(
        name="own-buffer-fixation",
        statement="A symbol that is copied more often takes over a replay buffer with the probability of Moran.",
        theory=lambda: _from_real_rows(discrete.categorical_replay_fixation(capacity=_SMALL, preference=_PREFERENCE)),
        experiment=_taken_over,
        relation=Probability(tolerance=0.03),
        formula="P = (1 − r^−k)/(1 − r^−n)",
        protocol="Buffer of 5 real rows of a symbol of probability 0.4, copied 1.5 times as often; 110 events.",
        quantity="probability of taking over",
    ),
    Claim(
        name="own-buffer-duration",
        statement="Without real rows a replay buffer holds one symbol alone after some n² events.",
        theory=lambda: _from_real_rows(discrete.categorical_replay_fixation_time(capacity=_SMALL)),
        experiment=_duration,
        relation=Equal(tolerance=0.03),
        formula="E τ = n [(n − k) Σ_{j≤k} 1/(n − j) + k Σ_{k<j<n} 1/j]",
        protocol="Buffer of 5 real rows of a symbol of probability 0.4; 110 events, by which 1 of 10⁴ are left.",
        quantity="events until one symbol is left",
    ),
    Claim(
        name="own-urn",
        statement="Accumulating one row at a time is Polya's urn: the first rows decide, and nothing is ever settled.",
        theory=_urn_theory,
        experiment=_urn,
        relation=Probability(tolerance=0.03),
        formula="new counts ~ DirMult(M; first counts); P_∞ ~ Dirichlet(first counts)",
        protocol="3 real rows of two symbols of probability 1/2, then 5 rows, each a copy of a random row so far.",
        labels=tuple(f"{count} of {_URN + _ADDED}" for count in range(_URN + _ADDED + 1)),
        quantity="probability of a count",
    ),
)
