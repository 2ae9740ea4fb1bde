"""What slips through: how often `verify` decides about means that no sample can tell, over many seeds.

    python benchmarks/slips.py [--seeds 400] [--budget 65536]

Every line is a law and a relation: how often the claim about its true mean holds, fails and stays undecided.
"""

import argparse
from collections import Counter

import jax
import jax.numpy as jnp

import jaxcollapse as jc
from jaxcollapse.verification import decision
from jaxcollapse.verification.relation import Asymptotic, AtLeast, AtMost, Equal


def pareto(exponent):
    """P(X > x) = x^-exponent, with mean exponent / (exponent - 1), scaled to mean 1."""
    return lambda key: jax.random.uniform(key, minval=1e-15) ** (-1 / exponent) * (exponent - 1) / exponent


def rarely_nan(probability):
    """Mean 1, but for a value in so many that is not a number."""

    def draw(key):
        a, b = jax.random.split(key)
        return jnp.where(jax.random.uniform(a) < probability, jnp.nan, 1 + 0.1 * jax.random.normal(b))

    return draw


LAWS = {
    "normal (a check)": lambda key: 1 + 0.1 * jax.random.normal(key),
    **{f"Pareto {exponent}": pareto(exponent) for exponent in (1.5, 1.9, 2.1, 2.5)},
    **{f"NaN once in {round(1 / p):,}": rarely_nan(p) for p in (1e-3, 1e-4, 1e-5)},
}
RELATIONS = (Equal(), Asymptotic(), AtMost(), AtLeast())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=400)
    parser.add_argument("--budget", type=int, default=2**16, help="replications at most, for one verdict")
    options = parser.parse_args()
    decision._LARGEST_RUN = options.budget
    print(f"| law | relation | holds | fails | undecided | of {options.seeds} |\n|---|---|---:|---:|---:|---|")
    for name, law in LAWS.items():
        for relation in RELATIONS:
            claim = jc.Claim(name="slips", statement=name, theory=1.0, experiment=law, relation=relation)
            seeds = range(options.seeds)
            found = Counter(jc.verify(claim, jax.random.key(seed), progress=False).outcome for seed in seeds)
            counts = " | ".join(str(found[outcome]) for outcome in ("holds", "fails", "undecided"))
            print(f"| {name} | {relation.name} | {counts} | |", flush=True)


if __name__ == "__main__":
    main()
