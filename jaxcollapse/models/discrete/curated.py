"""A language whose samples are curated: of every few draws, the one that a user prefers is kept.

Protocol: ``K`` candidates are drawn from the model; candidate ``x_k`` is chosen with probability in proportion to
``e^r(x_k)``. The next model is fitted to ``n`` chosen ones. With few samples it is genetic drift with selection, and
with several groups of users selection in several directions.

Reference: Ferbach et al. 2024, arXiv:2407.09499.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.arguments.check import check_count, check_fits
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Wrapper
from jaxcollapse.chain.prediction import ClosedForm, Forms, NotKnown
from jaxcollapse.chain.schedule import single
from jaxcollapse.chain.workflow import Workflow
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.discrete.categorical import Categorical, Counts
from jaxcollapse.random import split, symbols
from jaxcollapse.theory import discrete
from jaxcollapse.theory.discrete.curated import check_rewards, curate
from jaxcollapse.theory.papers import FERBACH_2024


class Curated(Wrapper):
    """Symbols of unknown probabilities, fitted by the frequencies of curated draws.

    **Arguments**

    - `language`: a `Categorical` with the truth and the way of sampling: ``"raw"`` draws all candidates and chooses,
      the others draw from the law of the chosen ones, `jaxcollapse.theory.discrete.curate`.
    - `rewards`: ``r`` of the symbols, shape ``(symbols,)``, or with `weights` ``(groups, symbols)``; finite, and
      ``e^r`` a number.
    - `candidates`: ``K`` draws of which one is kept, a positive integer; None for infinitely many, not with ``"raw"``.
    - `weights`: of groups of users, shape ``(groups,)``, at least 0, summing to one: each choice is made by a random
      one. None for one group.

    Real data, that of generation 1 included, is not curated.

    **Metrics** Those of `Categorical`, and `reward`, the mean of ``e^r``, of every group if there are several.

    **Raises** `ValueError` or `TypeError` for another language, rewards of another shape or that overflow,
    weights that do not sum to one, and fewer than one candidate.

    **Exactness** Exact in law.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> model = jc.Curated(jc.Categorical([0.9, 0.1]), rewards=[0.0, 1.0], candidates=4)
    >>> run = jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=1000, generations=15)
    >>> bool(run.params[-1, 1] > 0.9)
    True

    ```
    """

    language: Categorical
    rewards: Float[Array, "..."]
    candidates: int | None = eqx.field(static=True)
    weights: Float[Array, " groups"] | None

    def __init__(self, language: Categorical, *, rewards: Any, candidates: Count | None, weights: Any = None):
        if not isinstance(language, Categorical):
            raise TypeError(f"language must be a jaxcollapse Categorical, got {shown(language)}")
        check_rewards(rewards, language.probabilities.size, weights)
        if candidates is not None:
            check_count("candidates", candidates, minimum=1)
        elif not language.draws_sums:
            raise ValueError('candidates must be a number with sampling="raw": all of them are drawn')
        self.language = language
        self.rewards = as_floats(rewards)
        self.candidates = None if candidates is None else int(candidates)
        self.weights = None if weights is None else as_floats(weights)

    @property
    def model(self) -> Categorical:
        """The language."""
        return self.language

    def sample(self, key: Key[Array, ""], params: Float[Array, " symbols"], n: Scalar | int) -> Counts | Samples:
        """Draw `n` chosen symbols: their counts, or the symbols themselves (raw)."""
        if self.draws_sums or self.candidates is None:
            chosen = curate(params, rewards=self.rewards, candidates=self.candidates, weights=self.weights)
            return self.language.sample(key, chosen, n)
        text_key, choice_key, group_key = split(key, 3)
        size = 16.0 * int(n) * self.candidates
        check_fits(f"candidates={self.candidates:,}: so many of {int(n):,} texts", size, "take fewer")
        text = symbols(text_key, params, int(n) * self.candidates).reshape(int(n), self.candidates)
        rewards = self.rewards[text]
        if self.weights is not None:
            rewards = self.rewards[symbols(group_key, self.weights, int(n))[:, None], text]
        score = rewards + jax.random.gumbel(choice_key, text.shape, self.rewards.dtype)
        return Samples(jnp.take_along_axis(text, jnp.argmax(score, axis=1)[:, None], axis=1)[:, 0])

    def metrics(self, params: Float[Array, " symbols"], **context) -> dict[str, Float[Array, "..."]]:
        """Those of the language, and the mean of ``e^r``."""
        return {**self.language.metrics(params), "reward": jnp.exp(self.rewards) @ params}

    @lenient()
    def predict(self, workflow: Workflow, samples: Float[Array, " generations"], generations: int) -> Forms:
        """The law of two symbols for `Replace`; else the mean of many samples."""
        size = single(samples)
        two = self.weights is None and self.candidates is not None and len(self.rewards) == 2
        if workflow.newest_alone and two and size is not None and bool(size <= _MOST):
            return self._two_symbols(int(size), generations)
        share = None
        if workflow.mixes:
            with jax.ensure_compile_time_eval():
                share = single(1 - jnp.diagonal(workflow.weights(samples)[0])[1:]) if generations > 1 else 0.0
        if not workflow.newest_alone and share is None:
            return {"": NotKnown("it is for new data alone, or a constant share of real data", "Replace or Mix")}
        p = discrete.curated_mix(
            self.language.probabilities,
            rewards=self.rewards,
            candidates=self.candidates,
            weights=self.weights,
            real_share=0.0 if share is None else share,
            generations=generations,
        )
        limits = {"reward": p @ jnp.exp(self.rewards).T, "diversity": 1 - jnp.sum(p**2, axis=1)}
        name, paper = discrete.curated_mix, FERBACH_2024
        known = {k: ClosedForm(v, name, "asymptotic", order="1/n", reference=paper) for k, v in limits.items()}
        return {**known, "": NotKnown("it is of the order of 1/n", "two symbols and Replace")}

    def _two_symbols(self, samples: int, generations: int) -> Forms:
        """From the law of how often the first of them occurs."""
        p, gain = self.language.probabilities, self.rewards[0] - self.rewards[1]
        function = discrete.curated_replace_two_symbols
        law = function(p[0], samples=samples, reward=gain, candidates=self.candidates, generations=generations)
        share = jnp.arange(samples + 1) / samples
        curves = jax.tree.map(
            lambda values: law @ values, jax.vmap(self.metrics)(jnp.stack([share, 1 - share], axis=1))
        )
        return {name: ClosedForm(curve, function, reference=FERBACH_2024) for name, curve in curves.items()}


_MOST = 2048  # samples up to which a law of the square of them in numbers is computed
