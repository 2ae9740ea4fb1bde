"""What a chain predicts: each form at the chain that it is for, said to be no more exact than it is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.theory import Spectrum

G = 4
g = np.arange(1, G + 1)
N = 20
SIZES = np.array([20.0, 30.0, 25.0, 40.0])
SPECTRUM = Spectrum.from_eigenvalues([2.0, 1.0, 0.5], [1.0, -0.5, 2.0])
P = [0.5, 0.3, 0.2]
H = 1 - sum(p**2 for p in P)


def predict(model, workflow=None, samples=N, generations=G):
    return jc.predict(model, jc.Replace() if workflow is None else workflow, samples=samples, generations=generations)


def ols(**fields):
    return jc.LinearRegression(SPECTRUM, **{"noise": 0.7, **fields})


def language(kind=jc.Categorical, **fields):
    return kind(P, **fields)


def drift(steps, curvature):
    """``V [prod (1 + c s) - 1]/c`` for ``V = 1``."""
    return (np.cumprod(1 + curvature * np.asarray(steps)) - 1) / curvature


ACCUMULATED = SIZES / np.cumsum(SIZES) ** 2
SHARED = np.cumsum(1 / g**2)
# what the means are, from first principles, and the chain that has them
MEANS = [
    (lambda: jc.NormalMean([1.0, 2.0], variance=3.0), jc.Replace(), N, "squared_error", 6 / N * g),
    (lambda: jc.NormalMean([1.0, 2.0], variance=3.0), jc.Accumulate(), SIZES, "squared_error",
     6 * np.cumsum(ACCUMULATED)),
    (lambda: jc.Poisson(2.0), jc.Accumulate(), N, "squared_error", 2 / N * SHARED),
    (lambda: jc.Exponential(2.0), jc.Replace(), SIZES, "squared_error", 4 * drift(1 / SIZES, 1.0)),
    (lambda: jc.Bernoulli(0.3), jc.Accumulate(), N, "squared_error", 0.21 * drift(1 / (N * g**2), -1.0)),
    (lambda: jc.Exponential(2.0), jc.MovingAverage(0.3), N, "estimate", np.full(G, 2.0)),
    (lambda: jc.Gaussian(ddof=0, variance=3.0), jc.Replace(), SIZES, "variance", 3 * np.cumprod(1 - 1 / SIZES)),
    (lambda: jc.Gaussian(ddof=1, variance=3.0), jc.Replace(), SIZES, "squared_error", 3 * np.cumsum(1 / SIZES)),
    (lambda: jc.Gaussian(ddof=0, variance=3.0), jc.Accumulate(), N, "squared_error",
     3 * (1 - np.cumprod(1 - 1 / (N * g**2)))),
    (lambda: jc.MultivariateGaussian([[1.0, 0.5], [0.5, 2.0]], ddof=0), jc.Accumulate(), N, "trace",
     3 * np.cumprod(1 - 1 / (N * g**2))),
    (lambda: jc.MultivariateGaussian([[1.0, 0.5], [0.5, 2.0]], ddof=1), jc.Replace(), N, "squared_error", 3 / N * g),
    (language, jc.Replace(), SIZES, "squared_error", H * drift(1 / SIZES, -1.0)),
    (language, jc.Accumulate(), SIZES, "diversity", H - H * drift(ACCUMULATED, -1.0)),
    (lambda: language(jc.ContaminatedCategorical, real_share=1.0), jc.Accumulate(), SIZES, "squared_error",
     H / np.cumsum(SIZES)),
    (lambda: language(jc.ContaminatedCategorical, real_share=0.4), jc.Replace(), N, "diversity",
     H - H / N * (1 - (0.36 * (1 - 1 / N)) ** g) / (1 - 0.36 * (1 - 1 / N))),
    (lambda: language(sampling="raw"), jc.ReplayBuffer(N), N, "diversity", H * (1 - 1 / N) ** g),
    (language, jc.MovingAverage(0.25), N, "diversity", H * (1 - 1 / N) * (1 - 0.0625 / N) ** (g - 1)),
    (ols, jc.Replace(), SIZES, "risk", 0.49 * 3 * np.cumsum(1 / (SIZES - 4))),
    (lambda: ols(noise=lambda g: g), jc.Replace(), N, "risk", 3 / (N - 4) * np.cumsum(g**2)),
    (ols, jc.Accumulate(), SIZES, "risk",
     0.49 * 3 * np.cumsum(SIZES / np.cumsum(SIZES) / (np.cumsum(SIZES) - 4))),
    (lambda: ols(design="fixed"), jc.Accumulate(), N, "risk", 0.49 * 3 / (N - 4) * SHARED),
    (lambda: ols(design="fixed"), jc.Window(1), N, "risk", 0.49 * 3 / (N - 4) * g),
    (lambda: jc.LinearGaussian(SPECTRUM, noise=0.7, ddof="none"), jc.Replace(), N, "variance", 0.49 * (1 - 3 / N) ** g),
    (lambda: jc.MixedLabels(ols(), weight=1.0), jc.Replace(), N, "risk", np.full(G, 0.49 * 3 / (N - 4))),
    (lambda: jc.EarlyStopping(SPECTRUM, noise=0.7, rate=0.4, steps=500), jc.Accumulate(), N, "risk",
     0.49 / N * 3.5 * SHARED),
]  # fmt: skip


@pytest.mark.sampled(10)
@pytest.mark.parametrize(("model", "workflow", "samples", "metric", "mean"), MEANS)
def test_the_mean_of_a_metric(x64, model, workflow, samples, metric, mean):
    form = predict(model(), workflow, samples).forms[metric]
    assert form.exactness == "exact"
    np.testing.assert_allclose(form.curve, mean, rtol=1e-9)


def same(one, other, *metrics, rtol=1e-9):
    for metric in metrics:
        np.testing.assert_allclose(getattr(one, metric), getattr(other, metric), rtol=rtol)


@pytest.mark.slow
def test_families_that_are_the_same(x64):
    """Two derivations of one mean."""
    for ddof in (0, 1):
        gaussian = predict(jc.Gaussian(ddof=ddof, variance=3.0))
        several = predict(jc.MultivariateGaussian([[3.0]], ddof=ddof))
        np.testing.assert_allclose(several.log_determinant, gaussian.log_variance, rtol=1e-9)
        np.testing.assert_allclose(several.trace, gaussian.variance, rtol=1e-9)
    two, coin = predict(jc.Categorical([0.3, 0.7]), jc.Accumulate()), predict(jc.Bernoulli(0.3), jc.Accumulate())
    np.testing.assert_allclose(two.squared_error, 2 * coin.squared_error, rtol=1e-9)
    indifferent = jc.Curated(jc.Categorical([0.3, 0.7]), rewards=[0.5, 0.5], candidates=3)
    plain = predict(jc.Categorical([0.3, 0.7]))
    same(predict(indifferent), plain, "squared_error", "diversity", "support", "unseen", rtol=1e-6)
    alone = jc.Mutual(jc.NormalMean([1.0, 2.0]), models=1, private_weight=1.0)
    workflow = jc.Mix("fixed", weight=0.4)
    same(predict(alone, workflow), predict(jc.NormalMean([1.0, 2.0]), workflow), "squared_error", "estimate")
    same(predict(jc.MixedLabels(ols(design="fixed"), weight=0.6)),
         predict(ols(design="fixed"), jc.Mix("fresh", weight=0.6)), "risk")  # fmt: skip
    same(predict(language(jc.ContaminatedCategorical, real_share=0.0), jc.Accumulate()),
         predict(language(), jc.Accumulate()), "squared_error")  # fmt: skip
    isotropic = Spectrum.from_eigenvalues([2.0] * 3, [1.0, -0.5, 2.0])
    walk = jc.LinearRegression(isotropic, noise=0.7, penalty=0.1)
    same(predict(walk.expected()), predict(walk), "risk")


def test_few_rows_in_any_unit(x64):
    """The minimum norm with equal eigenvalues does not depend on the unit of the features."""
    unit, scaled = (
        jc.LinearRegression(Spectrum.from_eigenvalues([s] * 30, np.ones(30) / s**0.5), noise=0.4) for s in (1.0, 4.0)
    )
    for workflow in (jc.Replace(), jc.Accumulate()):
        assert predict(unit, workflow, 5).forms["risk"].exactness == "exact"
        same(predict(unit, workflow, 5), predict(scaled, workflow, 5), "risk")
    unit, scaled = (
        jc.LinearRegression(
            Spectrum.from_eigenvalues([s] * 30, np.ones(30) / s**0.5), noise=0.4, penalty=0.1 * s, design="fixed"
        )
        for s in (1.0, 4.0)
    )
    assert predict(unit, jc.Accumulate(), 50).forms["risk"].order == "1/d"
    same(predict(unit, jc.Accumulate(), 50), predict(scaled, jc.Accumulate(), 50), "risk")
    limit, exact = predict(ols(penalty=1e-9)), predict(ols())  # T - d of the limit, and T - d - 1
    np.testing.assert_allclose(limit.risk * (N - 3), exact.risk * (N - 4), rtol=1e-6)


# what is said of a chain: a word, or the order of the error
SAID = [
    (ols, jc.Replace(), N, "exact"),
    (ols, jc.Mix("fresh"), SIZES, "exact"),
    (ols, jc.Mix("fresh", weight=0.5), N, "1/d"),
    (ols, jc.Window(2), N, "1/n"),
    (ols, jc.Window(2), [3, 20, 20, 20], "none"),
    (lambda: ols(penalty=0.1), jc.Replace(), N, "1/d"),
    (lambda: ols(penalty=[0.1, 0.0, 0.0, 0.0]), jc.Replace(), N, "1/d"),
    (lambda: ols(penalty=0.1), jc.Accumulate(), N, "none"),
    (lambda: ols(penalty=lambda g: 0.1 / g), jc.Accumulate(), N, "1/d"),
    (lambda: ols(penalty=lambda g: 0.1 / g), jc.Accumulate(), SIZES, "none"),
    (lambda: ols(penalty=0.1, design="fixed"), jc.Replace(), N, "none"),
    (lambda: ols(noise=lambda g: g), jc.Accumulate(), N, "none"),
    (lambda: ols(noise=lambda g: g, design="fixed"), jc.Accumulate(), N, "none"),
    (lambda: ols(features=lambda key, n: jax.random.uniform(key, (n, 3))), jc.Replace(), N, "none"),
    (lambda: ols(penalty=0.1, sampling="raw"), jc.AccumulateSubsample(), N, "none"),
    (lambda: jc.MixedLabels(ols(penalty=0.1), weight=0.5), jc.Replace(), N, "none"),
    (lambda: jc.MixedLabels(ols(), weight=0.5), jc.Accumulate(), N, "none"),
    (lambda: jc.RandomProjection(SPECTRUM, width=2, noise=0.5, penalty=0.1), jc.Replace(), N, "none"),
]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("model", "workflow", "samples", "said"), SAID)
def test_no_form_is_said_to_be_more_than_it_is(model, workflow, samples, said):
    prediction = predict(model(), workflow, samples)
    if said == "none":
        assert prediction.unknown["risk"].why and not prediction.forms
        assert prediction.unknown["risk"].nearest
    else:
        form = prediction.forms["risk"]
        assert (form.order or form.exactness) == said and (form.exactness == "asymptotic") == (said != "exact")


def test_a_divisor_and_sizes_decide(x64):
    pooled = predict(jc.Gaussian(ddof=0), jc.Mix("fresh"))
    assert {name: form.exactness for name, form in pooled.forms.items()} == {
        "mean": "exact", "variance": "exact", "squared_error": "exact"
    }  # fmt: skip
    for model, workflow, samples in (
        (jc.Gaussian(ddof=1), jc.Mix("fresh"), N),
        (jc.Gaussian(ddof=1), jc.Mix("fixed", weight=0.3), N),
        (jc.Gaussian(ddof=0), jc.Accumulate(), SIZES),
    ):
        found = predict(model, workflow, samples)
        assert {found.forms[name].name for name in ("variance", "squared_error")} == {
            "theory.gaussian.moments_weighted"
        }
        assert found.forms["variance"].exactness == found.forms["squared_error"].exactness == "exact"
    apart = predict(jc.Gaussian(ddof=1), jc.Mix("fresh", weight=0.3, average="estimates"))
    assert "averaged" in apart.unknown["variance"].why and apart.forms["squared_error"].order == "1/n"


def test_rows_that_may_count_otherwise_have_no_unbiased_variance():
    """A workflow of one's own says what its rows count; without that the divisor is not known."""

    class Doubled(jc.Workflow):
        def step(self, state, draw, generation):
            return 2.0 * draw.synthetic(), state

        def weights(self, samples):
            return jnp.eye(len(samples)), jnp.zeros_like(samples)

    class Counted(Doubled):
        def counted(self, samples):
            return 2.0 * samples

    assert predict(jc.Gaussian(ddof=0), Doubled()).forms["variance"].exactness == "exact"
    assert "counted" in predict(jc.Gaussian(ddof=1), Doubled()).unknown["variance"].why
    found = predict(jc.Gaussian(ddof=1), Counted()).variance
    np.testing.assert_allclose(found, ((1 - 1 / N) / (1 - 1 / (2 * N))) ** jnp.arange(1, G + 1), rtol=1e-6)


@pytest.mark.slow
def test_what_is_known_stays_known_in_a_transformation(x64):
    """Derivatives in numbers of model, workflow and sizes are those of differences, and no form is lost."""

    def curve(numbers):
        noise, weight = numbers
        prediction = predict(ols(noise=noise, design="fixed"), jc.Mix("fixed", weight=weight))
        assert prediction.forms["risk"].exactness == "exact"
        return prediction.risk.sum()

    at = jnp.array([0.7, 0.4])
    slopes = jax.jit(jax.grad(curve))(at)
    steps = jnp.concatenate([1e-5 * jnp.eye(2), -1e-5 * jnp.eye(2)])
    moved = jax.vmap(curve)(at + steps)
    np.testing.assert_allclose(slopes, (moved[:2] - moved[2:]) / 2e-5, rtol=1e-6)
    in_sizes = jax.grad(lambda n: predict(ols(), samples=n).risk[-1])(20.0)
    np.testing.assert_allclose(in_sizes, -0.49 * 3 * G / 16**2, rtol=1e-9)
    made = jax.jit(lambda variance: predict(jc.Gaussian(ddof=0, variance=variance), jc.Accumulate()))(3.0)
    assert isinstance(made, jc.Prediction) and made.forms["variance"].exactness == "exact"


class Uniform(jc.Model):
    """A family of one's own that predicts."""

    said: object = None

    def truth(self):
        return 1.0

    def sample(self, key, params, n):
        return jc.Samples(params * jax.random.uniform(key, (n,)))

    def fit(self, data, **context):
        return jnp.max(data.weights * data.rows)

    def metrics(self, params, **context):
        return {"largest": params, "square": params**2}

    def predict(self, workflow, samples, generations):
        if self.said is not None:
            return self.said
        return {"largest": jc.ClosedForm(jnp.cumprod(samples / (samples + 1)), "largest of n")}


def test_a_family_of_ones_own():
    found = predict(Uniform())
    np.testing.assert_allclose(found.largest, (N / (N + 1)) ** g, rtol=1e-6)
    assert "Uniform states no closed form" in found.unknown["square"].why
    run = lambda key: jc.simulate(Uniform(), jc.Replace(), key=key, samples=N, generations=G).metrics  # noqa: E731
    estimate = jc.monte_carlo(run, jax.random.key(0), 4096, progress=False)
    ratio = estimate.against(found, level=0.9999)
    assert list(ratio) == ["largest"] and ((ratio["largest"].lower < 1) & (ratio["largest"].upper > 1)).all()


def test_a_wrapper_changes_the_law_or_passes_it_on():
    class Plain(jc.Wrapper):
        model: jc.Model

    class Colder(Plain):
        def sample(self, key, params, n):
            return self.model.sample(key, params.scaled(0.5), n)

    class Renamed(jc.Gaussian):
        def metrics(self, params, **context):
            return {"variance": 2 * jnp.exp(params.log_variance)}

    gaussian = jc.Gaussian(ddof=1)
    same(predict(Plain(gaussian)), predict(gaussian), "variance", "log_variance", "squared_error")
    for model in (Colder(gaussian), Renamed(ddof=1), jc.TiltedGaussian(gaussian, power=1.0)):
        found = predict(model)
        assert not found.forms and "variance" in found.unknown
    assert "Colder changes the sample of Gaussian" in predict(Colder(gaussian)).unknown["variance"].why


def test_a_workflow_without_weights_is_known_where_it_replaces():
    class Newest(jc.Workflow):
        newest_alone = True

        def step(self, state, draw, generation):
            return draw.synthetic(), state

        def weights(self, samples):
            raise NotImplementedError

    class Hidden(Newest):
        newest_alone = False

    same(predict(ols(), Newest()), predict(ols()), "risk")
    assert predict(ols(), Hidden()).unknown["risk"].nearest == "define Hidden.weights"


def test_what_a_prediction_says():
    found = predict(jc.Gaussian(ddof=1), jc.Mix("fresh"))
    lines = found.summary().splitlines()
    assert "mean: exact: unbiased" in lines and any(line.startswith("log_variance: none is known") for line in lines)
    assert (
        not found.bibtex and "dey2024" in predict(jc.Gaussian(ddof=1, sampling="raw"), jc.AccumulateSubsample()).bibtex
    )
    assert set(found.metrics) == {"mean", "squared_error", "variance"}
    with pytest.raises(AttributeError, match="of log_variance none is known"):
        _ = found.log_variance
    with pytest.raises(AttributeError, match="did you mean 'variance'"):
        _ = predict(jc.Gaussian(ddof=1)).varance


@pytest.mark.parametrize(
    ("said", "error", "message"),
    [
        ([1.0], TypeError, r"Uniform.predict must return a dictionary"),
        ({"largest": 1.0}, TypeError, r"Uniform.predict must return ClosedForm or NotKnown, got 1.0 for 'largest'"),
        (
            {"largest": jc.ClosedForm([1.0], "mine")},
            ValueError,
            r"curves of shape \(4, ...\), got \(1,\) for 'largest'",
        ),
    ],
)
def test_a_hook_that_returns_something_else(said, error, message):
    with pytest.raises(error, match=message):
        predict(Uniform(said))
