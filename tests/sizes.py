"""Sizes that no machine has room for, and things that are no sizes: each is refused before anything is allocated.

`python tests/sizes.py objects|theory` tries every size under a limit of memory, and prints what did not go well. A call
may work: what it makes is then small (a number, or something that waits).
"""

import inspect
import resource
import sys
import warnings

import jax
import jax.numpy as jnp
import numpy as np

import jaxcollapse as jc
from theory.settings import SETTINGS, Edge, Held, public_functions

LIMIT = 6 * 2**30
VALUES = (10**9, 10**12, -1, 0, True, 2.5, "3")
KEY = jax.random.key(0)
Spectrum = jc.theory.Spectrum
MODEL = jc.Gaussian(ddof=1)
ROWS = jc.Gaussian(ddof=1, sampling="raw")
WORDS = jc.Categorical([0.5, 0.3, 0.2])


def run(model=MODEL, workflow=None, **changes):
    setting = {**dict(samples=10, generations=2), **changes}
    return jc.simulate(model, jc.Replace() if workflow is None else workflow, key=KEY, **setting).metrics


def regression(**fields):
    return jc.LinearRegression(Spectrum.isotropic(3), noise=0.5, penalty=0.1, **fields)


def projected(width):
    return run(jc.RandomProjection(Spectrum.isotropic(3), width=width, noise=0.5, penalty=0.1))


def curated(candidates, sampling):
    words = jc.Categorical([0.5, 0.3, 0.2], sampling=sampling)
    return run(jc.Curated(words, rewards=[0.0, 1.0, 2.0], candidates=candidates))


def network(**options):
    """A normal law that learns its spread."""

    class Scale(jc.Trained):
        def build(self, key):
            return {"log_scale": jnp.zeros(2)}

        def loss(self, network, rows, key):
            return jnp.mean(0.5 * (rows * jnp.exp(-network["log_scale"])) ** 2 + network["log_scale"])

        def draw(self, network, key, n):
            return jnp.exp(network["log_scale"]) * jax.random.normal(key, (n, 2))

        def evaluate(self, network, key):
            return {"scale": jnp.exp(network["log_scale"])}

    return Scale(np.eye(2)[np.arange(20) % 2], **{**dict(steps=2, batch=4), **options})


def autoencoder(**options):
    images = np.random.default_rng(0).uniform(size=(30, 4))
    classify = lambda x: (x[:, :2], jax.nn.softmax(x[:, 2:]))  # noqa: E731
    return jc.VAE(images, images, classify, **{**dict(latent=1, width=2, steps=2, batch=4), **options})


def diffusion(**options):
    butane = jc.datasets.alkane(KEY, 30, 4)
    return jc.Diffusion(butane, butane, **{**dict(width=2, depth=1, levels=2, steps=2, batch=4), **options})


TALE = jc.datasets.Corpus(np.random.default_rng(0).integers(0, 3, 200).astype(np.uint8), ("a", "b", "c"))


def transformer(**options):
    return jc.Transformer(TALE, **{**dict(length=4, width=4, steps=2, batch=4, probes=4), **options})


def two_layer(**options):
    return jc.TwoLayer(np.eye(6), np.arange(6.0), noise=0.5, **{**dict(width=4, steps=2), **options})


def estimate():
    return jc.monte_carlo(jax.random.normal, KEY, 64, progress=False)


OBJECTS = {
    "isotropic dim": Spectrum.isotropic,
    "power_law dim": lambda v: Spectrum.power_law(v, capacity=1.5, source=0.5),
    "RandomProjection width": projected,
    "GaussianMixture iterations": lambda v: jc.GaussianMixture([1.0], [[0.0]], [[1.0]], iterations=v),
    "Curated candidates": lambda v: curated(v, "exact"),
    "Curated candidates of rows": lambda v: curated(v, "raw"),
    "Mutual models": lambda v: run(jc.Mutual(jc.NormalMean(jnp.zeros(2)), models=v, private_weight=0.5)),
    "Staircase levels": lambda v: run(jc.Staircase(v)),
    "LinearVAE latent": lambda v: jc.LinearVAE([1.0, 2.0], noise=0.1, latent=v),
    "LinearVAE steps": lambda v: jc.LinearVAE([1.0, 2.0], noise=0.1, steps=v),
    "LinearDiffusion levels": lambda v: jc.LinearDiffusion([1.0, 2.0], sigma_max=2.0, sigma_min=0.1, levels=v),
    "ProbabilisticPCA latent": lambda v: jc.ProbabilisticPCA([1.0, 2.0], latent=v),
    "EarlyStopping steps": lambda v: jc.EarlyStopping(Spectrum.isotropic(2), noise=0.1, rate=0.1, steps=v),
    "Window batches": lambda v: run(MODEL, jc.Window(v)),
    "Window batches of rows": lambda v: run(ROWS, jc.Window(v)),
    "KernelRidge test": lambda v: jc.KernelRidge(np.eye(6), np.arange(6.0), noise=0.5, penalty=0.1, test=v),
    "Trained batch": lambda v: network(batch=v),
    "Trained steps": lambda v: run(network(steps=v)) if v != 10**9 and v != 10**12 else network(steps=v),
    "Trained samples": lambda v: run(network(), samples=v),
    "VAE latent": lambda v: autoencoder(latent=v),
    "VAE width": lambda v: run(autoencoder(width=v)),
    "Diffusion levels": lambda v: run(diffusion(levels=v)) if v != 10**9 else diffusion(levels=2),
    "Diffusion width": lambda v: run(diffusion(width=v)),
    "Diffusion depth": lambda v: run(diffusion(depth=v)),
    "Transformer length": lambda v: transformer(length=v),
    "Transformer width": lambda v: transformer(width=v),
    "Transformer layers": lambda v: transformer(layers=v),
    "Transformer heads": lambda v: transformer(heads=v),
    "Transformer probes": lambda v: transformer(probes=v),
    "text vocabulary": lambda v: jc.datasets.text(vocabulary=v),
    "pieces length": lambda v: jc.datasets.pieces(TALE, v),
    "SoftmaxBigram steps": lambda v: jc.SoftmaxBigram([[0.5, 0.5]], [1.0], steps=v),
    "FiniteLanguage steps": lambda v: jc.FiniteLanguage(jax.nn.log_softmax, best=[0.5, 0.0], steps=v),
    "LogBilinear rank": lambda v: jc.LogBilinear([0.5, 0.5], symbols=3, rank=v),
    "GaussianMixture restarts": lambda v: jc.GaussianMixture([1.0], [[0.0]], [[1.0]], restarts=v),
    "SymmetricMixture iterations": lambda v: jc.SymmetricMixture(1.0, iterations=v),
    "MarkovText order": lambda v: jc.MarkovText(TALE.tokens.reshape(-1, 4), order=v),
    "MarkovText symbols": lambda v: jc.MarkovText(TALE.tokens.reshape(-1, 4), symbols=v),
    "TwoLayer width": lambda v: run(two_layer(width=v), samples=6) if v != 10**9 else two_layer(width=4),
    "TwoLayer steps": lambda v: two_layer(steps=v),
    "TwoLayer test": lambda v: two_layer(test=v),
    "alkane n": lambda v: jc.datasets.alkane(KEY, v, 4) if v != 10**9 else None,
    "torsion_law bins": lambda v: jc.datasets.torsion_law(300.0, bins=v) if v != 10**9 else None,
    "polynomial degree": lambda v: jc.kernels.polynomial(np.eye(3), degree=v),
    "simulate generations": lambda v: run(generations=v),
    "simulate generations of a schedule": lambda v: run(generations=v, samples=lambda g: 10 + g),
    "simulate generations of rows": lambda v: run(ROWS, jc.Accumulate(), generations=v),
    "simulate samples": lambda v: run(samples=v),
    "simulate samples of rows": lambda v: run(ROWS, samples=v),
    "simulate samples of a pool": lambda v: run(ROWS, jc.Accumulate(), samples=v),
    "simulate samples of a regression": lambda v: run(regression(sampling="raw"), samples=v),
    "simulate samples of a density": lambda v: run(jc.KernelDensity(0.5), samples=v),
    "Mix real_samples": lambda v: run(ROWS, jc.Mix("fresh", real_samples=v)),
    "monte_carlo replications": lambda v: v == 10**9 or jc.monte_carlo(jax.random.normal, KEY, v, progress=False),
    "monte_carlo threads": lambda v: jc.monte_carlo(jax.random.normal, KEY, 64, threads=v, progress=False),
    "monte_carlo block": lambda v: jc.monte_carlo(jax.random.normal, KEY, 64, block=v, progress=False),
    "refine replications": lambda v: v == 10**9 or estimate().refine(replications=v, progress=False),
    "refine max_replications": lambda v: v == 10**9 or estimate().refine(rtol=0.1, max_replications=v, progress=False),
    "replay": lambda v: estimate().replay(v),
    "check_model samples": lambda v: jc.check_model(jc.NormalMean(0.0), samples=v),
    "check_model generations": lambda v: jc.check_model(jc.NormalMean(0.0), generations=v),
    "Claim first_look": lambda v: jc.Claim("a", "b", 1.0, jax.random.normal, "equal", first_look=v),
    "Grid": lambda v: jc.Grid(n=range(v) if type(v) is int else v),
    "Samples first": lambda v: jc.Samples(jnp.ones(3)).first(v),
    "Pool slots": lambda v: jc.Pool.empty(jax.eval_shape(lambda: jc.Samples(jnp.ones(3))), v),
    "Rademacher": lambda v: jc.features.Rademacher([1.0, 1.0])(KEY, v),
    "StudentT": lambda v: jc.features.StudentT([1.0, 1.0], 5.0, shared=True)(KEY, v),
    "Table": lambda v: jc.features.Table(np.eye(3))(KEY, v),
}


def plain(value):
    return value.value if isinstance(value, Edge | Held) else value


def theory():
    """Every closed form, by each of its integers."""
    found = {}
    for name, function in public_functions().items():
        setting, signature = SETTINGS[name][0], inspect.signature(function)
        given = signature.bind(*map(plain, setting.positional), **{n: plain(v) for n, v in setting.named.items()})
        for argument, value in given.arguments.items():
            if type(value) is int and argument != "ddof":

                def call(size, function=function, given=given, argument=argument):
                    bound = inspect.signature(function).bind(*given.args, **given.kwargs)
                    bound.arguments[argument] = size
                    return function(*bound.args, **bound.kwargs)

                found[f"{name} {argument}"] = call
    return found


def complaint(call, value):
    """What is wrong with how a size is met; empty if it works, or is refused in a sentence."""
    try:
        jax.block_until_ready(call(value))
    except (TypeError, ValueError) as error:
        text = str(error)
        good = "must" in text or "would take" in text
        return "" if good and "RESOURCE" not in text and len(text) < 500 else f"{type(error).__name__}: {text[:200]}"
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    return ""


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
    warnings.simplefilter("ignore")
    calls = {"objects": OBJECTS, "theory": theory()}[sys.argv[1]]
    for name, call in calls.items():
        for value in VALUES:
            if wrong := complaint(call, value):
                print(f"{name}={value!r}: {wrong}", flush=True)
    print(f"tried {len(calls) * len(VALUES)}")
