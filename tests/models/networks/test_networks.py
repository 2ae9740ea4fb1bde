"""The networks of the library: what they measure, the law of what they draw, and what they refuse."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
from scipy import integrate, stats

import jaxcollapse as jc
from jaxcollapse.models.networks.autoencoder import Coder
from jaxcollapse.models.networks.coordinates import Frame, Internal, Plain, is_chain, torsion_angles
from jaxcollapse.models.networks.equivariant import Equivariant
from jaxcollapse.models.networks.measures import entropy, frechet, moments
from jaxcollapse.models.networks.trained import layers_at_once

KEY = jax.random.key(0)
X, Y = jc.datasets.digits("digit")


# Measures


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("dim", "rank"), [(3, 3), (20, 20), (20, 12), (6, 1), (78, 30)])
def test_the_frechet_distance_is_that_of_a_matrix_root(dim, rank):
    """Against eigenvalues in double precision, also where some dimensions have no spread."""
    rng = np.random.default_rng(dim + rank)
    base = rng.normal(size=(rank, dim)) * rng.uniform(0.2, 3.0, size=(rank, 1))
    real, rows = rng.normal(size=(500, rank)) @ base, rng.normal(size=(300, rank)) @ (1.3 * base) + 0.5
    c0, c1 = np.cov(real.T), np.cov(rows.T)
    values, vectors = scipy.linalg.eigh(c0)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    inner = scipy.linalg.eigvalsh(root @ c1 @ root)
    gap = real.mean(axis=0) - rows.mean(axis=0)
    exact = gap @ gap + np.trace(c0) + np.trace(c1) - 2 * np.sqrt(np.maximum(inner, 0)).sum()
    found = float(frechet(jnp.asarray(rows, jnp.float32), moments(real)))
    rounding = 1e-5 * np.trace(c1)
    assert abs(found - exact) < 1.2e-3 * dim * np.linalg.norm(inner) ** 0.5 + rounding
    own = float(frechet(jnp.asarray(real, jnp.float32), moments(real)))
    assert abs(own) < 1.2e-3 * dim * np.linalg.norm(c0) + rounding


def test_the_entropy_of_shares():
    shares = np.random.default_rng(0).dirichlet(np.ones(7))
    np.testing.assert_allclose(entropy(jnp.asarray(shares)), stats.entropy(shares) / np.log(7), rtol=1e-6)
    assert float(entropy(jnp.eye(3)[0])) == 0.0 and abs(float(entropy(jnp.full(5, 0.2))) - 1) < 1e-6


@pytest.mark.slow
def test_layers_at_once_have_the_law_of_equinox():
    make = lambda key: Coder(9, 2, 50, key)  # noqa: E731
    many = jax.vmap(lambda key: eqx.filter(layers_at_once(make, key), eqx.is_array))(jax.random.split(KEY, 200))
    ours = [np.ravel(leaf) for leaf in jax.tree.leaves(many)]
    theirs = [
        np.ravel(leaf)
        for leaf in jax.tree.leaves(
            jax.vmap(lambda key: eqx.filter(make(key), eqx.is_array))(jax.random.split(KEY, 200))
        )
    ]
    for one, other in zip(ours, theirs, strict=True):
        assert stats.ks_2samp(one[:5000], other[:5000]).pvalue > 1e-4


# Autoencoder


def vae(**changes):
    setting = {**dict(latent=3, width=8, steps=4, batch=16), **changes}
    return jc.VAE(X[100:400], X[:100], Linear(), **setting)


class Linear(eqx.Module):
    """A classifier whose features are three pixels and whose classes are two of them."""

    def __call__(self, images):
        return images[:, 20:23], jax.nn.softmax(5 * images[:, 20:22])


def constant(model, mean, log_variance, out):
    """A network whose coder and decoder return the same for all images."""
    net = jax.tree.map(lambda leaf: jnp.zeros_like(leaf) if eqx.is_array(leaf) else leaf, model.build(KEY))
    biases = lambda n: (n.encoder.layers[-1].bias, n.decoder.layers[-1].bias)  # noqa: E731
    return eqx.tree_at(biases, net, (jnp.concatenate([jnp.asarray(mean), jnp.asarray(log_variance)]), jnp.asarray(out)))


@pytest.mark.slow
def test_the_negative_elbo_is_that_of_its_laws():
    """A decoder that does not look at z: the likelihood is that of a normal law, and the divergence an integral."""
    model = vae(noise=0.03, beta=1.7)
    mean, log_variance = np.array([0.3, -1.0, 0.0], np.float32), np.array([0.5, -2.0, 0.0], np.float32)
    logits = np.random.default_rng(0).normal(size=64).astype(np.float32)
    found = model.evaluate(constant(model, mean, log_variance, logits), KEY)
    out = 1 / (1 + np.exp(-logits))
    likelihood = stats.norm(out, np.sqrt(0.03)).logpdf(X[:100]).sum(axis=1).mean()
    divergence = 0.0
    for m, v in zip(mean, np.exp(log_variance), strict=True):
        q, p = stats.norm(m, np.sqrt(v)), stats.norm()
        gap = lambda z, q=q, p=p: q.pdf(z) * (q.logpdf(z) - p.logpdf(z))  # noqa: E731
        divergence += integrate.quad(gap, m - 10 * np.sqrt(v), m + 10 * np.sqrt(v))[0]
    np.testing.assert_allclose(found["kl"], divergence, rtol=1e-4)
    np.testing.assert_allclose(found["nelbo"], 1.7 * divergence - likelihood, rtol=1e-4)
    np.testing.assert_allclose(found["mse"], ((X[:100] - out) ** 2).mean(), rtol=1e-4)
    constant_part = 0.5 * 64 * np.log(2 * np.pi * 0.03)
    loss = model.loss(constant(model, mean, log_variance, logits), jnp.asarray(X[:100], jnp.float32), KEY)
    np.testing.assert_allclose(loss, found["nelbo"] - constant_part, rtol=1e-4)
    assert float(found["active"]) == 0


@pytest.mark.parametrize("pixel", [0.0, 0.04])
def test_what_an_autoencoder_draws_is_the_decoder_of_normal_numbers(pixel):
    model = vae(pixel=pixel)
    net = model.build(KEY)
    rows = np.asarray(model.draw(net, jax.random.key(1), 20_000))
    z = np.random.default_rng(0).normal(size=(20_000, 3)).astype(np.float32)
    means = np.asarray(jax.nn.sigmoid(jax.vmap(net.decoder)(jnp.asarray(z))))
    assert (np.abs(rows.mean(axis=0) - means.mean(axis=0)) < 5 * np.sqrt((means.var(axis=0) + pixel) / 10_000)).all()
    far, wide = (((v - v.mean(axis=0)) ** 2).sum(axis=1) for v in (rows, means))
    error = np.hypot(far.std(), wide.std()) / np.sqrt(20_000)
    assert abs(far.mean() - wide.mean() - 64 * pixel) < 4.5 * error


def test_the_measures_of_generated_images():
    """Of a network that returns one image: no variance, the classes of that image, the distance of a point."""
    model = vae()
    logits = np.random.default_rng(1).normal(size=64).astype(np.float32)
    found = model.evaluate(constant(model, np.zeros(3, np.float32), np.zeros(3, np.float32), logits), KEY)
    image = 1 / (1 + np.exp(-logits))
    features = X[:100, 20:23]
    shares = np.exp(5 * image[20:22]) / np.exp(5 * image[20:22]).sum()
    distance = ((features.mean(axis=0) - image[20:23]) ** 2).sum() + np.trace(np.cov(features.T))
    np.testing.assert_allclose(found["frechet"], distance, rtol=1e-3)
    np.testing.assert_allclose(found["entropy"], stats.entropy(shares) / np.log(2), rtol=1e-4)
    np.testing.assert_allclose(found["rarest"], shares.min(), rtol=1e-4)
    assert float(found["variance"]) < 1e-6


def test_a_classifier_tells_digits_and_two_classes():
    network = jc.Classifier(X[400:1200], Y[400:1200])
    assert (np.asarray(network(X[:400])[1]).argmax(axis=1) == Y[:400]).mean() > 0.85
    two = jc.Classifier(X[:200], Y[:200] % 2)
    shares = np.asarray(two(X[:200])[1])
    assert shares.shape == (200, 2) and (shares.argmax(axis=1) == Y[:200] % 2).mean() > 0.95


# Diffusion

PENTANE = jc.datasets.alkane(jax.random.key(5), 600, 5)


def diffusion(**changes):
    setting = {**dict(width=8, depth=1, levels=5, steps=4, batch=16), **changes}
    return jc.Diffusion(PENTANE._replace(x=PENTANE.x[300:]), PENTANE.x[:300], **setting)


class Nothing(eqx.Module):
    """Predicts a velocity of zero: the best denoiser of independent standard normal numbers."""

    bias: jax.Array

    def __call__(self, row, log_ratio):
        return 0.0 * row + self.bias


def ancestral(variance, levels, end=0.02):
    """The variance after the sampler with the best linear denoiser of this variance, by its recursion.

    With ``z`` of variance ``v`` the step is ``z <- g z + sd xi``, ``g = b A + sqrt(q^2 - sd^2)/s (1 - a A)``.
    """
    t = np.linspace(1 - end, end, levels + 1)
    a, s = np.cos(np.pi * t / 2), np.sin(np.pi * t / 2)
    v = 1.0
    for i in range(levels):
        best = a[i] * variance / (a[i] ** 2 * variance + s[i] ** 2)
        if i == levels - 1:
            return best**2 * v
        fresh = (s[i + 1] / s[i]) ** 2 * (1 - (a[i] / a[i + 1]) ** 2)
        gain = a[i + 1] * best + np.sqrt(s[i + 1] ** 2 - fresh) / s[i] * (1 - a[i] * best)
        v = gain**2 * v + fresh
    return None


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("levels", [1, 5, 20])
def test_the_sampler_has_the_variance_of_its_linear_filter(levels):
    model = diffusion(levels=levels, network=lambda key: Nothing(jnp.zeros(())))
    rows = np.asarray(model.draw(model.build(KEY), KEY, 20_000))
    exact = ancestral(1.0, levels)
    assert np.abs(rows.var() / exact - 1) < 4.5 * np.sqrt(2 / rows.size)
    assert levels != 20 or abs(exact - 0.816) < 1e-3
    assert np.abs(rows.mean(axis=0)).max() < 4.5 * np.sqrt(exact / 20_000)


@pytest.mark.slow
def test_the_loss_is_that_of_the_velocity():
    """A network of zeros: ``E |a e - s x|²`` is one for rows of unit variance, whatever the time."""
    model = diffusion(network=lambda key: Nothing(jnp.zeros(())))
    net = model.build(KEY)
    batch = jnp.asarray(np.random.default_rng(0).normal(size=(20_000, model.held_out.shape[1])), jnp.float32)
    assert abs(float(model.loss(net, batch, KEY)) - 1) < 4.5 * np.sqrt(2 / batch.size)
    shifted = eqx.tree_at(lambda net: net.bias, net, jnp.asarray(0.5))
    assert abs(float(model.loss(shifted, batch, KEY)) - 1.25) < 0.02
    found = model.evaluate(net, KEY)
    assert abs(float(found["loss"]) - 1) < 0.1 and float(found["bond_spread"]) < 1


def test_a_perfect_network_predicts_the_velocity_of_one_row():
    """All rows are the same: ``v = (a z - x)/s``, and what is drawn is that row."""
    point = np.random.default_rng(0).normal(size=11).astype(np.float32)

    class Known(eqx.Module):
        row: jax.Array

        def __call__(self, z, log_ratio):
            a = jax.nn.sigmoid(2 * log_ratio) ** 0.5
            return (a * z - self.row) / jnp.sqrt(1 - a**2)

    model = diffusion(network=lambda key: Known(jnp.asarray(point)))
    batch = jnp.broadcast_to(jnp.asarray(point), (50, 11))
    assert float(model.loss(model.build(KEY), batch, KEY)) < 1e-6
    np.testing.assert_allclose(model.draw(model.build(KEY), KEY, 4), np.tile(point, (4, 1)), atol=1e-4)


def test_the_measures_of_real_conformers():
    """Those of the held-out rows themselves: their own states, and no distance."""
    model = diffusion()
    seen = model._look(model.held_out)
    phi = np.asarray(torsion_angles(jnp.asarray(PENTANE.x[:300], jnp.float32), PENTANE.torsions))
    trans, plus = np.cos(phi) < -0.5, np.sin(phi) > 0
    np.testing.assert_allclose(seen["trans"], trans.mean(), rtol=1e-5)
    gauche = ~trans
    opposite = gauche[:, 0] & gauche[:, 1] & (plus[:, 0] != plus[:, 1])
    np.testing.assert_allclose(seen["forbidden"], opposite.mean(), atol=1e-6)
    well = np.where(trans, 0, np.where(plus, 1, 2))
    counts = np.bincount(well[:, 0] + 3 * well[:, 1], minlength=9) / 300
    np.testing.assert_allclose(seen["states"], counts, atol=1e-6)
    lengths = np.linalg.norm(np.diff(PENTANE.x[:300], axis=1), axis=2)
    np.testing.assert_allclose(seen["bond_spread"], lengths.std(axis=0).mean(), rtol=1e-3)
    np.testing.assert_allclose(model.real_torsions, seen["bins"])


@pytest.mark.parametrize("make", [lambda: Internal(6), lambda: Frame(6, (2, 0, 4)), lambda: Plain(6)])
def test_coordinates_keep_the_shape(make):
    """All distances, and the sense of rotation: a mirror image has other rows."""
    rng = np.random.default_rng(0)
    x = jc.datasets.alkane(KEY, 40, 6).x @ np.linalg.qr(rng.normal(size=(3, 3)))[0].T + rng.normal(size=3)
    coordinates = make()
    back = np.asarray(coordinates.positions(jnp.asarray(coordinates.rows(x), jnp.float32)))
    i, j = np.triu_indices(6, 1)
    distance = lambda x: np.linalg.norm(x[:, i] - x[:, j], axis=2)  # noqa: E731
    np.testing.assert_allclose(distance(back), distance(x), atol=2e-5)
    volume = lambda x: np.linalg.det(x[:, [1, 3, 5]] - x[:, [0]])  # noqa: E731
    np.testing.assert_allclose(volume(back), volume(x), atol=1e-3)


def test_moved_and_turned_molecules_have_the_same_rows():
    x, rng = jc.datasets.alkane(KEY, 10, 5).x, np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turned = x @ (turn * np.sign(np.linalg.det(turn))).T + rng.normal(size=3)
    for coordinates in (Internal(5), Frame(5, (0, 1, 2))):
        np.testing.assert_allclose(coordinates.rows(turned), coordinates.rows(x), atol=2e-5)


@pytest.mark.slow
def test_a_network_that_knows_of_turns_turns_with_its_rows():
    net, rng = Equivariant(5, width=8, layers=2, key=KEY), np.random.default_rng(0)
    net = eqx.tree_at(lambda net: net.last, net, jnp.array([0.3, -0.2]))
    x = rng.normal(size=(5, 3))
    x = (x - x.mean(axis=0)).astype(np.float32)
    for turn in (np.linalg.qr(rng.normal(size=(3, 3)))[0], np.diag([1.0, 1.0, -1.0])):
        out = np.asarray(net(jnp.asarray(x.ravel()), jnp.asarray(0.7))).reshape(5, 3)
        turned = np.asarray(net(jnp.asarray((x @ turn.T).astype(np.float32).ravel()), jnp.asarray(0.7))).reshape(5, 3)
        np.testing.assert_allclose(turned, out @ turn.T, atol=2e-5)
        assert np.abs(out).max() > 1e-2 and np.abs(out.mean(axis=0)).max() < 1e-5
    other = np.asarray(net(jnp.asarray(x.ravel()), jnp.asarray(-1.0))).reshape(5, 3)
    assert np.abs(other - out).max() > 1e-3  # it hears of the noise


@pytest.mark.slow
def test_any_network_learns_and_every_way_to_write_positions_works():
    """The loss of the first fit falls below that of a network of zeros."""
    turning = lambda key: Equivariant(5, width=16, layers=1, key=key)  # noqa: E731
    for changes in (
        dict(coordinates="internal", steps=1000, width=32, depth=2, rate=5e-3),
        dict(coordinates="frame", steps=1000, width=32, depth=2, rate=5e-3),
        dict(coordinates="plain", steps=150, network=turning, rate=1e-2),
    ):
        model = diffusion(**changes, batch=64)
        run = jc.simulate(model, jc.Accumulate(), key=KEY, samples=300, generations=2)
        net = jax.tree.map(lambda leaf: 0 * leaf if eqx.is_array(leaf) else leaf, model.build(KEY))
        assert float(run.loss[0]) < 0.97 * float(model.evaluate(net, KEY)["loss"]), changes


# What is refused


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((X[:1], X[:5], Linear()), {}, "images must hold at least two images, got 1"),
        ((X[:9], X[:1], Linear()), {}, "held_out must hold at least two images, got 1"),
        ((X[:9] - 1, X[:5], Linear()), {}, r"images must have pixels in \[0, 1\], got -1 to 0"),
        ((16 * X[:9], X[:5], Linear()), {}, r"images must have pixels in \[0, 1\], got 0 to 16"),
        ((np.full((3, 4), np.nan), X[:5], Linear()), {}, "images must be finite, got 12 pixels that are not"),
        ((X[0], X[:5], Linear()), {}, "images must be rows of pixels, shape .images, dim."),
        ((X[:9], X[:5, :4], Linear()), {}, "held_out must have the 64 pixels of images, got 4"),
        ((X[:9], X[:5], "mlp"), {}, "classifier must be a function of images such as a jaxcollapse Classifier"),
        ((X[:9], X[:5], lambda x: x), {}, "classifier must return features and probabilities"),
        ((X[:9], X[:5], Linear()), dict(latent=65), "latent must be at most the 64 pixels of an image, got 65"),
        ((X[:9], X[:5], Linear()), dict(latent=0), "latent must be at least 1, got 0"),
        ((X[:9], X[:5], Linear()), dict(width=0), "width must be at least 1, got 0"),
        ((X[:9], X[:5], Linear()), dict(noise=0.0), "noise must be positive and finite, got 0"),
        ((X[:9], X[:5], Linear()), dict(beta=-1.0), "beta must be positive and finite, got -1"),
        ((X[:9], X[:5], Linear()), dict(pixel=-0.1), "pixel must be finite and at least 0, got -0.1"),
        ((X[:9], X[:5], Linear()), dict(steps=0), "steps must be finite and at least 1, got 0"),
        ((X[:9], X[:5], Linear()), dict(batch=0), "batch must be at least 1, got 0"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("unchecked")
def test_wrong_autoencoders(arguments, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        jc.VAE(*arguments, **options)


def straight(x):
    """The first three atoms on a line."""
    y = x.copy()
    y[3, 0] = 2 * y[3, 1] - y[3, 2]
    return y


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((PENTANE.x, PENTANE.x), {}, "conformers must be a jaxcollapse.datasets.Conformers"),
        ((PENTANE._replace(x=PENTANE.x[:1]), PENTANE.x), {}, "x must hold at least two conformers, got 1"),
        ((PENTANE, PENTANE.x[:1]), {}, "held_out is no set of conformers: x must hold at least two"),
        ((PENTANE, jc.datasets.alkane(KEY, 9, 6).x), {}, "held_out must have the 5 atoms of conformers, got 6"),
        ((PENTANE._replace(torsions=np.array([[0, 1, 2, 5]])), PENTANE.x), {}, "torsions must name atoms from 0 to 4"),
        ((PENTANE._replace(x=PENTANE.x + np.nan), PENTANE.x), {}, "x must be finite"),
        ((PENTANE, PENTANE.x), dict(coordinates="polar"), "coordinates must be 'internal' or 'frame' or 'plain'"),
        ((PENTANE, PENTANE.x), dict(coordinates="frame", frame=(0, 1, 5)), "frame must name atoms from 0 to 4, got"),
        ((PENTANE, PENTANE.x), dict(coordinates="frame", frame=(0, 1, 1)), "frame must name three different atoms"),
        ((PENTANE._replace(x=straight(PENTANE.x)), PENTANE.x), dict(coordinates="frame"),
         r"frame must name three atoms that are never on a line, got \(0, 1, 2\): see 3"),
        ((PENTANE._replace(x=straight(PENTANE.x)), PENTANE.x), {}, "no three neighbours on a line"),
        ((PENTANE._replace(bonds=np.array([[0, 1], [0, 2]])), PENTANE.x), dict(coordinates="internal"),
         "coordinates='internal' are for a chain of atoms"),
        ((PENTANE._replace(x=np.tile(PENTANE.x[:1], (5, 1, 1))), PENTANE.x), {}, "conformers must differ in every"),
        ((PENTANE, PENTANE.x), dict(levels=0), "levels must be at least 1, got 0"),
        ((PENTANE, PENTANE.x), dict(depth=0), "depth must be at least 1, got 0"),
        ((PENTANE, PENTANE.x), dict(end=0.0), "end must lie between 0 and 0.5, got 0"),
        ((PENTANE, PENTANE.x), dict(end=0.5), "end must lie between 0 and 0.5, got 0.5"),
        ((PENTANE, PENTANE.x), dict(network=3), "network must be a function of a key that makes one, got 3"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("unchecked")
def test_wrong_diffusions(arguments, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        jc.Diffusion(*arguments, **options)


def test_a_network_that_returns_another_row_is_refused():
    model = diffusion(network=lambda key: eqx.nn.MLP(11, 3, 4, 1, key=key))
    with pytest.raises((ValueError, TypeError)):
        jc.simulate(model, jc.Replace(), key=KEY, samples=9, generations=1)
    model = diffusion(network=lambda key: Nothing(jnp.zeros((2, 1))))
    with pytest.raises(ValueError, match="network must return a row of 11 numbers for one"):
        jc.simulate(model, jc.Replace(), key=KEY, samples=9, generations=1)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (X[:1], Y[:1], "images must be at least two finite rows"),
        (X[:5], Y[:4], "labels must hold 5 integers"),
        (X[:5], Y[:5] / 2, "labels must hold 5 integers"),
        (X[:5], 0 * Y[:5], "labels must be of at least two classes, got .0."),
    ],
)
def test_wrong_classifiers(images, labels, message):
    with pytest.raises(ValueError, match=message):
        jc.Classifier(images, labels)


def test_chains_are_told():
    assert is_chain(PENTANE.bonds, 5) and is_chain(PENTANE.bonds[::-1, ::-1], 5)
    assert not is_chain(PENTANE.bonds[1:], 5) and not is_chain(np.array([[0, 1], [0, 2], [2, 3], [3, 4]]), 5)
