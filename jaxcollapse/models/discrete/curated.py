"""A language whose samples are curated: of every few draws, the one that a user prefers is kept.

Protocol: ``K`` candidates are drawn from the model; candidate ``x_k`` is chosen with probability in proportion to
``e^r(x_k)``. The next model is fitted to ``n`` chosen ones. With few samples it is genetic drift with selection.

Reference: Ferbach et al. 2024, arXiv:2407.09499.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, Scalar

from jaxcollapse.arguments.check import (
    check_at_least,
    check_count,
    check_fits,
    check_shape,
)
from jaxcollapse.arguments.numbers import as_floats
from jaxcollapse.arguments.types import Count
from jaxcollapse.chain.data import Samples
from jaxcollapse.chain.model import Wrapper
from jaxcollapse.models.discrete.categorical import Categorical, Counts
from jaxcollapse.random import split, symbols
from jaxcollapse.theory.discrete.curated import curate


class Curated(Wrapper):
    """Symbols of unknown probabilities, fitted by the frequencies of curated draws.

    **Arguments**

    - `language`: a `Categorical` with the truth and the way of sampling: ``"raw"`` draws all candidates and chooses,
      the others draw from the law of the chosen ones, `jaxcollapse.theory.discrete.curate`.
    - `rewards`: ``r`` of the symbols, shape ``(symbols,)``, finite.
    - `candidates`: ``K`` draws of which one is kept, a positive integer.

    Real data, that of generation 1 included, is not curated.

    **Metrics** Those of `Categorical`, and `reward`, the mean of ``e^r``.

    **Raises** `ValueError` or `TypeError` for another language, rewards of another shape and fewer than one candidate.

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
    rewards: Float[Array, " symbols"]
    candidates: int = eqx.field(static=True)

    def __init__(self, language: Categorical, *, rewards: Any, candidates: Count):
        if not isinstance(language, Categorical):
            raise TypeError(f"language must be a jaxcollapse Categorical, got {language!r}")
        check_at_least("rewards", rewards, -np.inf)
        check_shape("rewards", rewards, language.probabilities.shape)
        check_count("candidates", candidates, minimum=1)
        self.language = language
        self.rewards = as_floats(rewards)
        self.candidates = int(candidates)

    @property
    def model(self) -> Categorical:
        """The language."""
        return self.language

    def sample(self, key: Key[Array, ""], params: Float[Array, " symbols"], n: Scalar | int) -> Counts | Samples:
        """Draw `n` chosen symbols: their counts, or the symbols themselves (raw)."""
        if self.draws_sums:
            chosen = curate(params, rewards=self.rewards, candidates=self.candidates)
            return self.language.sample(key, chosen, n)
        text_key, choice_key = split(key)
        size = 16.0 * int(n) * self.candidates
        check_fits(f"candidates={self.candidates:,}: so many of {int(n):,} texts", size, "take fewer")
        text = symbols(text_key, params, int(n) * self.candidates).reshape(int(n), self.candidates)
        score = self.rewards[text] + jax.random.gumbel(choice_key, text.shape, self.rewards.dtype)
        return Samples(jnp.take_along_axis(text, jnp.argmax(score, axis=1)[:, None], axis=1)[:, 0])

    def metrics(self, params: Float[Array, " symbols"], **context) -> dict[str, Float[Array, ""]]:
        """Those of the language, and the mean of ``e^r``."""
        return {**self.language.metrics(params), "reward": params @ jnp.exp(self.rewards)}
