"""What a new user gets wrong: every message names the argument, its value, what is allowed, and what was meant."""

import re
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.theory import Spectrum, gaussian, regression

KEY = jax.random.key(0)
MODEL = jc.LinearRegression(Spectrum.isotropic(10), noise=1.0)
DRAW = lambda key: jax.random.normal(key)  # noqa: E731


def run(model=MODEL, workflow=None, **changes):
    return jc.simulate(
        model, jc.Replace() if workflow is None else workflow, **{**dict(key=KEY, samples=50, generations=3), **changes}
    )


def ridge(**changes):
    return jc.LinearRegression(**{**dict(spectrum=Spectrum.isotropic(10), noise=1.0), **changes})


def claim(**changes):
    settings = dict(name="mine", statement="x", theory=1.0, experiment=DRAW, relation="equal")
    return jc.Claim(**{**settings, **changes})


def on_grid(**axes):
    return jc.monte_carlo(lambda key, dim: jax.random.normal(key, (dim,)).sum(), KEY, 10, grid=jc.Grid(**axes))


class Rows(jc.NormalMean):
    """Wants rows of a family that draws sums."""

    def fit(self, data, **context):
        return jnp.median(data.rows)


class Keys(jc.Model):
    """Returns a key where numbers are asked for."""

    what: str

    def truth(self):
        return 0.0

    def sample(self, key, params, n):
        return jc.Samples(jax.random.normal(key, (n,)))

    def fit(self, data, key, **context):
        return key if self.what == "fit" else data.mean(lambda row: row)

    def metrics(self, params, key, **context):
        return {"word": key if self.what == "metrics" else params}


# what was done, what is called, the error, and what its message says
TABLE = [
    ("a misspelt workflow", lambda: jc.Acumulate(), AttributeError, "'Acumulate': did you mean 'Accumulate'?"),
    ("a workflow in lower case", lambda: jc.replace(), AttributeError, "did you mean 'Replace'?"),
    ("a misspelt function", lambda: jc.monte_calro, AttributeError, "did you mean 'monte_carlo'?"),
    ("a workflow as a string", lambda: run(workflow="accumulate"), TypeError,
     "workflow must be a jaxcollapse Workflow such as Replace(), got 'accumulate': did you mean Accumulate()?"),
    ("a workflow that is not made", lambda: run(workflow=jc.Replace), TypeError,
     "got the class Replace: write Replace()"),
    ("a model that is not made", lambda: run(jc.Gaussian), TypeError,
     "model must be a jaxcollapse Model, got the class"),
    ("model and workflow swapped", lambda: run(jc.Replace(), MODEL), TypeError,
     "swapped: write simulate(model, workflow"),
    ("swapped for a prediction", lambda: jc.predict(jc.Replace(), MODEL, samples=50, generations=3), TypeError,
     "swapped: write predict(model, workflow"),
    ("metrics that are no dictionary", lambda: run(metrics=jnp.sum), TypeError,
     "metrics must be a dictionary of functions by name, got "),
    ("a metric that is no function", lambda: run(metrics={"norm": 3.0}), TypeError,
     "metrics must be functions of the parameters, got 3.0 for 'norm'"),
    ("a metric with the name of the model's", lambda: run(metrics={"risk": jnp.sum}), ValueError,
     "metrics must have names of their own: LinearRegression measures 'risk' already"),
    ("a metric with the name of a part", lambda: run(metrics={"params": jnp.sum}), ValueError,
     "metrics must have names of their own: a trajectory has 'params' already"),
    ("a metric with a name in words", lambda: run(metrics={"l2 norm": jnp.sum}), ValueError,
     "metrics must have names that may follow a dot, got 'l2 norm'"),
    ("a metric that returns text", lambda: run(metrics={"norm": str}), TypeError,
     "metrics must return arrays, got str for 'norm'"),
    ("a metric that returns nothing", lambda: run(metrics={"norm": lambda w: None}), TypeError,
     "metrics must return arrays, got NoneType for 'norm'"),
    ("a metric that returns a key", lambda: run(metrics={"norm": lambda w, key, **_: key}), TypeError,
     "metrics must return numbers, got a random key for 'norm': return what is drawn from it"),
    ("real rows of another shape", lambda: run(jc.KernelDensity(0.5), real=np.ones((60, 2))), ValueError,
     "real must hold rows as KernelDensity draws them, of shape (), got (2,)"),
    ("vectors for a Gaussian on the line", lambda: run(jc.Gaussian(ddof=1), real=np.ones((60, 2))), ValueError,
     "real must hold rows of which Gaussian makes the sums it draws: those of rows of shape (2,) differ"),
    ("rows without labels", lambda: run(real=np.ones((60, 10))), ValueError,
     "real must hold rows of which LinearRegression can make sums, got (10,)"),
    ("fewer real rows than are drawn", lambda: run(jc.KernelDensity(0.5), real=np.ones(20)), ValueError,
     "samples must ask for no more real rows than there are: 50 of 20"),
    ("real rows of text", lambda: run(real=np.array(["a"] * 60)), TypeError, "real must hold numbers"),
    ("real numbers as symbols", lambda: run(jc.Categorical([0.5, 0.5], sampling="raw"), real=np.ones(60)), TypeError,
     "real must hold rows as Categorical draws them, int32, got float32"),
    ("a sampler of too few rows", lambda: run(jc.KernelDensity(0.5), real=lambda key, n: jnp.ones(1)), ValueError,
     "real must return as many rows as it is asked for, 2, got 1"),
    ("rows for a model of other sums", lambda: run(jc.ImmediateCollapse(), real=np.ones(60)),
     NotImplementedError, "ImmediateCollapse draws sums, and does not know those of given rows: "),
    ("real rows and a truth", lambda: run(jc.NormalMean(0.0), truth=1.0, real=np.ones(60)), ValueError,
     "truth and real are two ways to say what real data is: give one"),
    ("a condition that is none", lambda: run(until=3), TypeError,
     "until must be a function of the parameters that returns a truth value, got 3"),
    ("a condition that is a number", lambda: run(jc.NormalMean(0.0), until=lambda p: p), TypeError,
     "until must return one truth value, got"),
    ("a condition for each coordinate", lambda: run(until=lambda w: w > 0), TypeError,
     "until must return one truth value, got"),
    ("times of numbers", lambda: jc.first_time(jnp.ones(3)), TypeError,
     "condition must hold truth values, got float32: compare with a level"),
    ("times without generations", lambda: jc.first_time(jnp.ones((), bool)), ValueError,
     "condition must have shape (generations, ...), got ()"),
    ("no rows for a prediction", lambda: jc.predict(MODEL, jc.Replace(), samples=0, generations=3), ValueError,
     "samples must be finite and at least 1, got 0"),
    ("a form of another exactness", lambda: jc.ClosedForm([1.0], "mine", "exakt"), ValueError,
     "did you mean 'exact'?"),
    ("an asymptotic form without an order", lambda: jc.ClosedForm([1.0], "mine", "asymptotic"), ValueError,
     "order must be given for an asymptotic form"),
    ("a form without a name", lambda: jc.ClosedForm([1.0], ""), TypeError, "name must be text or a function, got ''"),
    ("a paper that is a text", lambda: jc.ClosedForm([1.0], "mine", reference="Doe 2024"), TypeError,
     "reference must be a jaxcollapse Reference, got 'Doe 2024'"),
    ("several predictions for one mean", lambda: jc.monte_carlo(DRAW, KEY, 10).against(
        jc.predict(jc.NormalMean(0.0), jc.Replace(), samples=9, generations=2)), ValueError,
     "prediction predicts estimate, squared_error: say which"),
    ("a ratio of another shape", lambda: jc.monte_carlo(DRAW, KEY, 10).against([1.0, 2.0]), ValueError,
     "prediction must have the shape of the estimate, (), got (2,)"),
    ("a negative number of random claims", lambda: jc.claims.random(-1), ValueError, "number must be at least 1"),
    ("samples and generations swapped", lambda: run(samples=3, generations=[50, 50]), TypeError,
     "generations must be an integer, got [50, 50]"),
    ("a list of another length", lambda: run(samples=[50, 60]), ValueError,
     "samples must give one number for each of the 3 generations, got shape (2,)"),
    ("penalties of another length", lambda: run(ridge(penalty=[0.1, 0.2])), ValueError,
     "penalty must give one number for each of the 3 generations, got shape (2,)"),
    ("a float for an integer", lambda: run(generations=3.0), TypeError,
     "generations must be an integer, got 3.0: write 3"),
    ("a JAX scalar for an integer", lambda: run(generations=jnp.array(3)), TypeError, "write int(generations)"),
    ("a traced integer", lambda: jax.jit(lambda g: run(generations=g).risk)(3), TypeError,
     "it must be known before compilation"),
    ("scientific notation", lambda: jc.monte_carlo(DRAW, KEY, 1e4), TypeError,
     "replications must be an integer, got 10000.0: write 10000"),
    ("no generations", lambda: run(generations=0), ValueError, "generations must be at least 1, got 0"),
    ("no samples", lambda: run(samples=0), ValueError, "samples must be finite and at least 1, got 0"),
    ("samples that are missing", lambda: run(samples=None), TypeError,
     "samples must be a number, 3 numbers or a function of the generation, got None"),
    ("a number for a folder", lambda: jc.monte_carlo(DRAW, KEY, 10, save=3), TypeError,
     "save must be the path of a folder, got 3"),
    ("a folder without a name", lambda: jc.monte_carlo(DRAW, KEY, 10, save=""), ValueError,
     "save must be the path of a folder, got '': write '.'"),
    ("a folder for a search", lambda: jc.solve(lambda key, x: x, 1.0, (0.0, 2.0), KEY, save=" "), ValueError,
     "save must be the path of a folder"),
    ("a precision as text", lambda: jc.monte_carlo(DRAW, KEY, 10).refine(rtol="fine", max_replications=20), TypeError,
     "rtol must be a number or an array of numbers, got 'fine'"),
    ("a theory without numbers", lambda: jc.verify(claim(theory=np.zeros(0)), KEY), ValueError,
     "theory of claim 'mine' must hold one number or more, got none"),
    ("a picture of one number", lambda: jc.plot.curves(jc.monte_carlo(DRAW, KEY, 10)), ValueError,
     "estimate must have an axis to draw along"),
    ("a strip of an estimate", lambda: jc.plot.strip(jc.monte_carlo(DRAW, KEY, 10)), TypeError,
     "rows must be an array of numbers, got Estimate"),
    ("paths of text", lambda: jc.plot.trajectories([["a", "b"]]), TypeError, "paths must be an array of numbers"),
    ("a diagram of text", lambda: jc.plot.phase([["a"]]), TypeError, "values must be an array of numbers"),
    ("a landscape of text", lambda: jc.plot.landscape(["a", "b"], [1.0, 2.0]), TypeError,
     "penalty must be a number or an array of numbers"),
    ("an animation of text", lambda: jc.plot.animate(["a", "b"], [[1.0, 2.0]]), TypeError,
     "x must be an array of numbers"),
    ("samples that are true", lambda: run(samples=True), TypeError, "got True"),
    ("a list of truths", lambda: run(samples=[True, True, True]), TypeError, "got [True, True, True]"),
    ("samples as text", lambda: run(samples="50"), TypeError, "got '50'"),
    ("a schedule that returns a vector", lambda: run(samples=lambda g: jnp.array([50, 60])), ValueError,
     "samples must be a function that returns one number for a generation, got shape (2,)"),
    ("a schedule that returns nothing", lambda: run(ridge(penalty=lambda g: None)), ValueError,
     "penalty must be a function that returns one number for a generation, got None"),
    ("a schedule without an argument", lambda: run(samples=lambda: 50), TypeError,
     "samples must be a function of one generation that JAX can trace"),
    ("a schedule with an if", lambda: run(samples=lambda g: 50 if g < 2 else 60), TypeError, "use jax.numpy inside"),
    ("a schedule that turns negative", lambda: run(ridge(penalty=lambda g: 1.0 - g)), ValueError,
     "penalty must be finite and at least 0, got [ 0. -1. -2.]"),
    ("a forgotten key", lambda: jc.simulate(MODEL, jc.Replace(), samples=50, generations=3), TypeError, "'key'"),
    ("a forgotten key of a run", lambda: jc.monte_carlo(DRAW, 1000), TypeError,
     "the arguments are monte_carlo(function, key, replications), got key=1000"),
    ("a forgotten number of replications", lambda: jc.monte_carlo(DRAW, KEY), TypeError, "replications must be given"),
    ("key and replications swapped", lambda: jc.monte_carlo(DRAW, 1000, KEY), TypeError,
     "the arguments are monte_carlo(function, key, replications)"),
    ("a seed as a key", lambda: run(key=7), TypeError, "got 7: write jax.random.key(7)"),
    ("an old-style key", lambda: run(key=jax.random.PRNGKey(0)), TypeError,
     "an old-style key: write jax.random.key(seed) instead of jax.random.PRNGKey(seed)"),
    ("several keys", lambda: run(key=jax.random.split(KEY, 3)), ValueError,
     "key must be a single key, got an array of keys of shape (3,)"),
    ("a generator of NumPy", lambda: run(key=np.random.default_rng(0)), TypeError, "such as jax.random.key(0)"),
    ("a result instead of a function", lambda: jc.monte_carlo(3.0, KEY, 10), TypeError,
     "function must be a function of a key, got 3.0: write lambda key: ..."),
    ("a function without a key", lambda: jc.monte_carlo(lambda: 1.0, KEY, 10), TypeError,
     "function must accept (key), but its arguments are ()"),
    ("a function without the grid's axis", lambda: jc.monte_carlo(lambda key: 1.0, KEY, 10, grid=jc.Grid(n=[1, 2])),
     TypeError, "function must accept (key, n=...), but its arguments are (key)"),
    ("a function that returns text", lambda: jc.monte_carlo(lambda key: "a", KEY, 10), TypeError,
     "function must return numbers, arrays or a pytree of them, got 'a'"),
    ("a function that returns nothing", lambda: jc.monte_carlo(lambda key: None, KEY, 10), TypeError,
     "function must return at least one array"),
    ("a dictionary as a grid", lambda: jc.monte_carlo(DRAW, KEY, 10, grid={"n": [1, 2]}), TypeError,
     "grid must be a jaxcollapse Grid such as Grid(samples=[100, 200])"),
    ("too many replications", lambda: jc.monte_carlo(DRAW, KEY, 10**15), ValueError,
     "replications must be at most 2,147,483,648, got 1,000,000,000,000,000"),
    ("results that do not fit", lambda: jc.monte_carlo(lambda key: jnp.zeros(10**13) + DRAW(key), KEY, 10), ValueError,
     "the result of one replication at all points would take"),
    ("rows that do not fit", lambda: run(ridge(sampling="raw"), samples=10**12), ValueError,
     "rows would take"),
    ("eigenvalues instead of a spectrum", lambda: ridge(spectrum=[1.0, 0.5]), TypeError,
     "spectrum must be a jaxcollapse.theory.Spectrum, got [1.0, 0.5]: write Spectrum(eigenvalues, signal)"),
    ("a dimension that is a float", lambda: Spectrum.isotropic(10.0), TypeError,
     "dim must be an integer, got 10.0: write 10"),
    ("negative noise", lambda: ridge(noise=-1.0), ValueError, "noise must be finite and at least 0, got -1.0"),
    ("noise as text", lambda: ridge(noise="1"), TypeError, "noise must be a number or a function of the generation"),
    ("a misspelt design", lambda: ridge(design="fixd"), ValueError,
     "design must be 'fresh' or 'fixed', got 'fixd': did you mean 'fixed'?"),
    ("an unknown keyword", lambda: ridge(sigma=1.0), TypeError,
     "LinearRegression has no argument 'sigma': it takes spectrum, noise, penalty, "),
    ("a misspelt keyword", lambda: ridge(nois=1.0), TypeError, "did you mean 'noise'? It takes spectrum, noise, "),
    ("an unknown keyword of a workflow", lambda: jc.Mix("fresh", share=0.1), TypeError,
     "Mix has no argument 'share': it takes real, weight, real_samples, average, first"),
    ("dim and samples swapped", lambda: regression.ols_replace(dim=200, samples=100, noise=1.0, generations=3),
     ValueError, "samples must be at least dim - 1 = 199 (fewer rows: use ridge_replace), got 100"),
    ("several levels at once", lambda: gaussian.variance_cdf(np.array([0.1, 0.2]), samples=100, generations=5, ddof=1),
     ValueError, "x must be one number (for several, use jax.vmap), got shape (2,)"),
    ("a divisor that does not exist", lambda: jc.Gaussian(ddof=2), ValueError, "ddof must be 0 or 1, got 2"),
    ("no degree of freedom", lambda: run(jc.Gaussian(ddof=1), samples=1), ValueError,
     "samples must be at least 2 for ddof=1"),
    ("half a batch", lambda: jc.Window(2.5), TypeError, "batches must be an integer, got 2.5"),
    ("a share above one", lambda: jc.Mix("fresh", weight=2.0), ValueError, "weight must be at most 1, got 2.0"),
    ("a misspelt relation", lambda: claim(relation="eqal"), ValueError, "got 'eqal': did you mean 'equal'?"),
    ("a name with spaces", lambda: claim(name="My claim"), ValueError, "name must consist of lower-case letters"),
    ("results instead of an experiment", lambda: claim(experiment=jnp.ones(3)), TypeError,
     "experiment must be a function of a key"),
    ("the name of a claim", lambda: jc.verify("gerstgrasser-replace"), TypeError,
     "write jaxcollapse.claims.get('gerstgrasser-replace')"),
    ("names of claims", lambda: jc.verify(["gerstgrasser-replace"]), TypeError, "write jaxcollapse.claims.get("),
    ("a misspelt claim", lambda: jc.claims.get("gerstgrasser-replac"), ValueError,
     "did you mean 'gerstgrasser-replace'?"),
    ("an unknown precision", lambda: jc.verify(claim(), precision="fast"), ValueError,
     "precision must be 'quick' or 'default' or 'high', got 'fast'"),
    ("a misspelt metric", lambda: run().rsk, AttributeError,
     "this trajectory has no metric 'rsk': did you mean 'risk'?"),
    ("a level in per cent", lambda: jc.monte_carlo(DRAW, KEY, 2).interval(95), ValueError,
     "level must lie between 0 and 1, got 95: write 0.95"),
    ("numbers instead of an estimate", lambda: jc.plot.curves(np.ones(3)), TypeError,
     "estimate must be an Estimate of jaxcollapse.monte_carlo, got ndarray"),
    ("a dimension as a spectrum",
     lambda: regression.ridge_replace(20, samples=50, noise=1.0, penalty=0.1, generations=3), TypeError,
     "spectrum must be a jaxcollapse.theory.Spectrum, got 20: write Spectrum(eigenvalues, signal) or Spectrum.isotropic"
     ),
    ("a number as eigenvalues", lambda: regression.kappa(20, samples=50, penalty=0.1), TypeError,
     "spectrum must be a jaxcollapse.theory.Spectrum or eigenvalues of shape (dim,), got 20"),
    ("a dimension as eigenvalues", lambda: Spectrum(20, 1.0), TypeError,
     "eigenvalues must have shape (dim,), got 20: write Spectrum.isotropic(dim)"),
    ("coefficients of another length", lambda: Spectrum([1.0, 0.5], [1.0]), ValueError,
     "signal must have shape (2,), got (1,)"),
    ("rows of different lengths", lambda: Spectrum.from_kernel([[1.0], [1.0, 2.0]], [1.0, 2.0]), ValueError,
     "kernel must be an array with rows of one length, got [[1.0], [1.0, 2.0]]"),
    ("a list as a norm", lambda: Spectrum.isotropic(3, norm=[1.0, 2.0]), ValueError,
     "norm must be one number, got shape (2,)"),
    ("one exponent for two", lambda: Spectrum.power_law(10, exponent=1.5), TypeError,
     "power_law needs capacity, the decay j^-capacity of the eigenvalues, and source, the smoothness of the target, "
     "got exponent=1.5: write Spectrum.power_law(dim, capacity=1.5, source=0.5)"),
    ("no exponent", lambda: Spectrum.power_law(10), TypeError, "got neither: write Spectrum.power_law(dim, capacity"),
    ("a workflow in lower case for a theory", lambda: jc.theory.mean.inflation("replace", generations=3), TypeError,
     "workflow must be a workflow such as jaxcollapse.Replace(), got 'replace'"),
    ("a workflow that is not made for a theory", lambda: jc.theory.mean.inflation(jc.Replace, generations=3), TypeError,
     "got the class Replace: write Replace()"),
    ("features that are not made", lambda: ridge(features=jc.features.Rademacher), TypeError,
     "features must be made: got the class Rademacher, write Rademacher(...)"),
    ("a text as a corpus", lambda: jc.Transformer("once upon a time"), TypeError,
     "corpus must be a text as jaxcollapse.datasets.text() returns it, got 'once upon a time'"),
    ("heads that do not divide", lambda: jc.Transformer(jc.datasets.text(), heads=3), ValueError,
     "heads must divide width, got heads=3 and width=32"),
    ("a temperature of zero", lambda: jc.Transformer(jc.datasets.text(), temperature=0.0), ValueError,
     "temperature must be positive"),
    ("edits above one", lambda: jc.SoftmaxBigram([[0.5, 0.5]], [1.0], edit=1.5), ValueError,
     "edit must be at most 1, got 1.5"),
    ("a rate that diverges", lambda: jc.TwoLayer(np.eye(3), np.ones(3), noise=0.1, rate=90.0, start=KEY), ValueError,
     "rate must be below 2 over the largest eigenvalue"),
    ("a table of words", lambda: jc.features.Table([["a"], ["b"]]), TypeError, "rows must be a table of numbers"),
    ("a kernel as text", lambda: jc.KernelRidge("rbf", [1.0], noise=1.0, penalty=0.1), TypeError,
     "kernel must be a number or an array of numbers, got 'rbf'"),
    ("a schedule of text", lambda: jc.schedule.polynomial("linear", 1.0), TypeError, "scale must be a number"),
    ("a schedule of several scales", lambda: jc.schedule.geometric([1.0, 2.0], 0.5), ValueError,
     "scale must be one number, got shape (2,)"),
    ("numbers as parameters", lambda: run(jc.Gaussian(ddof=1), truth=1.0), TypeError,
     "truth must be the parameters of Gaussian, a Normal, got 1.0: Gaussian.truth() returns one"),
    ("one number as coefficients", lambda: run(truth=20), ValueError,
     "truth must have the shape (10,) of the parameters of LinearRegression, got ()"),
    ("a list as coefficients", lambda: run(truth=[1.0]), TypeError,
     "truth must be an array, as the parameters of LinearRegression, got [1.0]"),
    ("sizes on a grid", lambda: on_grid(dim=[10, 20]), TypeError, "for dim write Grid(dim={'10': 10, '20': 20})"),
    ("one size as an axis", lambda: jc.Grid(dim=10), TypeError,
     "axis 'dim' must be an array, a dictionary or a list, got 10: write Grid(dim=[10]), or Grid(dim={'10': 10})"),
    ("a set as an axis", lambda: jc.Grid(dim={3}), TypeError, "got {3}: write Grid(dim=[3])"),
    ("equal labels", lambda: jc.Grid(dim=[[1], [1]]), ValueError,
     "got ['[1]', '[1]']: give a dictionary, Grid(dim={'a': ..., 'b': ...})"),
    ("keys as an axis", lambda: jc.Grid(keys=jax.random.split(KEY)), TypeError,
     "axis 'keys' must hold numbers, got random keys: write Grid(keys=list(keys))"),
    ("a key as a result", lambda: jc.monte_carlo(lambda key: key, KEY, 10), TypeError,
     "function must return numbers, got a random key: return what is drawn from it"),
    ("a key as parameters", lambda: run(Keys(what="fit")), ValueError,
     "Keys.fit must return parameters in the shapes of the truth, (), got ('random key',)"),
    ("a key as a metric", lambda: run(Keys(what="metrics")), TypeError,
     "Keys.metrics must return numbers, got a random key for 'word': return what is drawn from it"),
    ("rows that are sums", lambda: run(Rows(0.0)), TypeError,
     "Rows.fit must take sums, not rows, since the `sample` of ExponentialFamily draws sums: give the model "
     'sampling="raw" for rows, or fit the sums'),
    ("no claims", lambda: jc.verify(3), TypeError, "claims must be a Claim or a sequence of Claims, got 3"),
    ("a level as text", lambda: jc.verify(claim(), level="low"), TypeError, "level must be a number"),
    ("a theory of words", lambda: claim(theory="one"), TypeError, "theory must be a number or an array of numbers"),
    ("a statement that is missing", lambda: claim(statement=None), TypeError, "statement must be text, got None"),
    ("an axis without a name", lambda: claim(axis=[1, 2]), TypeError, "axis must be a jaxcollapse Axis, got [1, 2]"),
    ("one label for several", lambda: claim(labels="ab"), TypeError, "labels must be a tuple of texts, got 'ab'"),
    ("a quantile in per cent", lambda: jc.monte_carlo(DRAW, KEY, 2).quantile(50), ValueError,
     "q must be numbers between 0 and 1, got 50"),
    ("edits of more than all rows", lambda: jc.Edit(1.5), ValueError, "share must be at most 1, got 1.5"),
    ("edits of another length", lambda: run(ridge(design="fixed", sampling="raw"), jc.Edit([0.1, 0.2])), ValueError,
     "share must give one number for each of the 3 generations, got shape (2,)"),
    ("a misspelt mask", lambda: jc.Edit(0.1, mask="fixd"), ValueError, "got 'fixd': did you mean 'fixed'?"),
    ("readers of less than a batch", lambda: jc.Graph(jc.NormalMean(0.0), [[0.5, 0.4]]), ValueError,
     "weights must have rows that sum to one, got sums of"),
    ("readers without real data", lambda: jc.Graph(jc.NormalMean(0.0), [[1.0]]), ValueError,
     "weights must have shape (models, models + 1), the share of real data first, got (1, 1)"),
    ("a verifier that accepts nothing", lambda: jc.Verified(jc.NormalMean(0.0), centre=30.0, radius=1.0), ValueError,
     "radius must let the verifier accept at least 1e-12 of the rows of the truth"),
    ("a covariance that is none",
     lambda: regression.ridge_sources([[[1.0, 2.0], [2.0, 1.0]]], samples=9.0, noise=1.0, coefficients=[1.0, 1.0],
                                      penalty=0.1), ValueError,
     "covariances must be symmetric and positive definite"),
    ("verified rows without a fit",
     lambda: regression.ols_verified_replace(dim=5, samples=6.0, bias=0.1, radius=1.0, noise=1.0, generations=2),
     ValueError, "samples must be finite and at least 7, got 6.0"),
    ("guidance beyond all laws",
     lambda: gaussian.guided_law("langevin", guidance=2.0, mean=0.0, variance=1.0, other_mean=0.0, other_variance=0.5),
     ValueError, "guidance must be below r/(1 - r) with r = other_variance/variance below 1"),
    ("noise that rises", lambda: jc.GaussianDiffusion("ode", sigma_min=2.0, sigma_max=1.0), ValueError,
     "sigma_max must be above sigma_min = 2.0, got 1.0"),
    ("rewards that overflow", lambda: jc.Curated(jc.Categorical([0.5, 0.5]), rewards=[800.0, 0.0], candidates=2),
     ValueError, "rewards must be at most 88.7"),
    ("groups of more than all users", lambda: jc.Curated(
        jc.Categorical([0.5, 0.5]), rewards=np.zeros((2, 2)), weights=[0.5, 0.6], candidates=2), ValueError,
     "weights must sum to one, got a sum of 1.1: divide by it"),
    ("a buffer below a batch", lambda: run(jc.Categorical([0.5, 0.5], sampling="raw"), jc.ReplayBuffer(5)), ValueError,
     "capacity must be at least the size of the largest batch, 50, got 5"),
    ("more than all real draws", lambda: jc.ContaminatedCategorical([0.5, 0.5], real_share=1.5), ValueError,
     "real_share must be at most 1, got 1.5"),
]  # fmt: skip


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(("call", "error", "message"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_message_says_what_to_do(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


MANY = 100_000


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    "call",
    [
        lambda: run(samples=[-1.0] * MANY),
        lambda: run(samples=["many"] * MANY),
        lambda: run(generations=[1] * MANY),
        lambda: run(jc.NormalMean(0.0, sampling="raw"), real=["a"] * MANY),
        lambda: run(ridge(noise=[-1.0] * MANY)),
        lambda: ridge(spectrum=[-1.0] * MANY),
        lambda: Spectrum.from_eigenvalues([-1.0] * MANY),
        lambda: regression.kappa(Spectrum.isotropic(3), penalty=[-1.0] * MANY, samples=10),
        lambda: jc.Categorical([-1.0] * MANY),
        lambda: jc.Weighted([[1.0]] * MANY),
        lambda: run(workflow=jc.Edit([2.0] * MANY)),
        lambda: jc.Grid(n=[[1.0]] * MANY),
        lambda: jc.monte_carlo(DRAW, [0] * MANY, 10),
        lambda: jc.monte_carlo(DRAW, KEY, [10] * MANY),
        lambda: claim(theory=["a"] * MANY),
        lambda: claim(relation=["equal"] * MANY),
        lambda: jc.features.Table([[1.0]] * MANY + [[1.0, 2.0]]),
    ],
)
def test_no_message_repeats_a_long_input(call):
    with pytest.raises((ValueError, TypeError)) as raised:
        call()
    assert len(str(raised.value)) < 600


@pytest.mark.usefixtures("unchecked")
def test_numbers_of_every_kind_are_taken():
    """Python and NumPy scalars, lists, arrays and ranges mean the same."""
    expected = run(ridge(noise=1, penalty=[0.1, 0.2, 0.3]), samples=[50, 60, 70]).risk
    for kind in (tuple, np.array, jnp.array):
        model = ridge(spectrum=Spectrum.isotropic(np.int64(10)), noise=np.float32(1), penalty=kind([0.1, 0.2, 0.3]))
        found = run(model, samples=kind([50, 60, 70]), generations=np.int32(3)).risk
        np.testing.assert_array_equal(found, expected)
    scheduled = run(ridge(penalty=lambda g: 0.1 * g), samples=range(50, 71, 10)).risk
    np.testing.assert_allclose(scheduled, expected, rtol=1e-5)
    lists, arrays = Spectrum([1.0, 0.5], [1, 1]), Spectrum(np.array([1.0, 0.5]), jnp.ones(2))
    theory = [
        regression.ols_replace(dim=2, samples=n, noise=1, generations=3) for n in ([20, 30, 40], np.array([20, 30, 40]))
    ]
    np.testing.assert_array_equal(theory[0], theory[1])
    np.testing.assert_array_equal(lists.eigenvalues, arrays.eigenvalues)


@pytest.mark.usefixtures("unchecked")
def test_labelled_arrays_are_taken():
    """What xarray and pandas hold goes in as what xarray gives back came out."""
    xarray, pandas = pytest.importorskip("xarray"), pytest.importorskip("pandas")
    expected = run(ridge(penalty=[0.1, 0.2, 0.3]), samples=[50, 60, 70]).risk
    for kind in (lambda values: xarray.DataArray(values, dims="generation"), pandas.Series):
        found = run(ridge(penalty=kind([0.1, 0.2, 0.3])), samples=kind([50, 60, 70])).risk
        np.testing.assert_array_equal(found, expected)
        scale = lambda key, size: size * DRAW(key) ** 2  # noqa: E731
        estimate = jc.monte_carlo(scale, KEY, 10, grid=jc.Grid(size=kind([1.0, 2.0])))
        again = jc.Grid(size=estimate.to_xarray()["size"])
        np.testing.assert_array_equal(again.coordinates["size"], [1.0, 2.0])
        np.testing.assert_array_equal(estimate.mean, jc.monte_carlo(scale, KEY, 10, grid=again).mean)


def test_counts_beyond_32_bits_are_not_cut():
    """Without double precision JAX has integers of 32 bits; sample sizes may be larger."""
    expected = run(samples=5e9).risk
    for samples in (5 * 10**9, np.int64(5 * 10**9), np.array([5 * 10**9] * 3), [5 * 10**9] * 3):
        np.testing.assert_array_equal(run(samples=samples).risk, expected)


def test_an_infinite_expectation_is_infinite_and_no_mean_is_tested():
    """One degree of freedom is too few for a mean: the theory says so, and the engine refuses."""
    theory = regression.ols_replace(dim=10, samples=11, noise=1.0, generations=2)
    assert np.isinf(theory).all()
    experiment = lambda key: run(key=key, samples=11, generations=2).risk  # noqa: E731
    verdict = jc.verify(claim(theory=theory, experiment=experiment))
    assert verdict.outcome == "undecided" and "infinite" in verdict.reason and "quantile" in verdict.reason


def test_double_precision_that_is_off_is_said():
    """JAX narrows float64 to float32 unless it is told otherwise, and says so where it was asked by name."""
    assert not jax.config.jax_enable_x64
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        spectrum = Spectrum(jnp.ones(2, "float64"), jnp.ones(2, "float64"))
    assert "jax_enable_x64" in str(caught[0].message)
    assert run(jc.LinearRegression(spectrum, noise=1.0)).risk.dtype == jnp.float32
