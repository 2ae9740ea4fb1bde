"""Hard labels: which rows a curator keeps, what is predicted, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc


@pytest.mark.parametrize("keep", ["easy", "hard"])
def test_what_the_curator_keeps(keep, x64):
    model = jc.HardLabels(3, penalty=0.1, oracle=0.6, keep=keep, threshold=0.5, correct_only=True)
    w = jnp.array([0.2, -1.0, 0.4])
    data = model.sample(jax.random.key(0), w, 2000)
    (x, y), kept = (np.asarray(part) for part in data.rows), np.asarray(data.weights)
    score = x @ [0.6, 0.8, 0.0]
    np.testing.assert_array_equal(y, np.sign(x @ np.asarray(w)))
    inside = np.abs(score) >= 0.5 if keep == "easy" else np.abs(score) <= 0.5
    np.testing.assert_array_equal(kept, (inside & (score * y > 0)).astype(float))
    assert model.real(jax.random.key(0), w, 50).weights.sum() == 50
    assert model.metrics(jnp.zeros(3))["accuracy"] == 0.5


def test_what_it_predicts():
    plain, curated = jc.HardLabels(5, penalty=0.1), jc.HardLabels(5, penalty=0.1, oracle=0.9, correct_only=True)
    names = [jc.predict(m, jc.Replace(), samples=20, generations=3).forms["accuracy"].name for m in (plain, curated)]
    assert names == [f"theory.regression.{name}_labels_replace" for name in ("hard", "curated")]
    assert not jc.predict(plain, jc.Accumulate(), samples=20, generations=3).forms


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(dim=1), "dim must be at least 2"),
        (dict(penalty=-1.0), "penalty must be finite and at least 0"),
        (dict(oracle=2.0), "oracle must be at most 1"),
        (dict(keep="none"), "keep must be"),
        (dict(keep="hard"), "threshold must be positive"),
        (dict(correct_only="yes"), "correct_only must be"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(changes, message):
    with pytest.raises((ValueError, TypeError), match=message):
        jc.HardLabels(**{**dict(dim=4, penalty=0.1), **changes})
