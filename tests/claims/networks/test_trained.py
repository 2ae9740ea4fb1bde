"""What the claims about networks are made of: workflows as matrices, one curve for all, the sampler's own filter."""

import jax.numpy as jnp
import numpy as np

import jaxcollapse as jc
from jaxcollapse.claims.networks import trained as networks


def test_matrices_are_those_of_the_workflows():
    found, sizes = networks.matrices(5), jnp.full(5, 1000.0)
    for name, workflow in (("replace", jc.Replace()), ("accumulate", jc.Accumulate())):
        np.testing.assert_allclose(found[name], workflow.weights(sizes)[0], rtol=1e-6)
    mixed, noise = jc.Mix("fixed", weight=0.5).weights(sizes)
    np.testing.assert_allclose(found["mix"], mixed, rtol=1e-6)


def test_one_curve_gives_itself_and_solves_an_affine_map():
    """For ``f(v) = v - c`` an accumulating pool loses ``c`` times the harmonic sum, and a mixture settles."""
    start, c, generations = 5.0, 0.3, 6
    ages = np.arange(1, generations + 1)
    curve = jnp.asarray(start - c * ages)
    matrices = networks.matrices(generations)
    np.testing.assert_allclose(networks.one_curve(curve, start, matrices["replace"]), curve, rtol=1e-6)
    accumulate = networks.one_curve(curve, start, matrices["accumulate"])
    np.testing.assert_allclose(accumulate, start - c * np.cumsum(1 / ages), rtol=1e-5)
    mix = networks.one_curve(curve, start, matrices["mix"])
    np.testing.assert_allclose(mix, start - 2 * c * (1 - 0.5**ages), rtol=1e-5)


def test_one_curve_is_that_of_the_published_table():
    """The pixel variance of a wider network, to the digits that are given of it."""
    curve = jnp.asarray([2.714, 2.190, 1.859, 1.645, 1.459, 1.306])
    accumulate = networks.one_curve(curve, 4.693, networks.matrices(6)["accumulate"])
    np.testing.assert_allclose(accumulate, [2.714, 2.452, 2.342, 2.279, 2.238, 2.209], atol=1e-3)


def test_bonds_narrow_as_the_sampler_of_a_linear_denoiser():
    """Independent rows, step by step: a tenth of the spread at every generation."""
    rng, n, variance, spread = np.random.default_rng(0), 400_000, 1.0, []
    t = np.linspace(0.98, 0.02, 21)
    a, s = np.cos(np.pi * t / 2), np.sin(np.pi * t / 2)
    for _ in range(4):
        z = rng.standard_normal(n)
        for i in range(20):
            clean = a[i] * variance / (a[i] ** 2 * variance + s[i] ** 2) * z
            blur = (z - a[i] * clean) / s[i]
            fresh = s[i + 1] / s[i] * np.sqrt(1 - (a[i] / a[i + 1]) ** 2)
            z = a[i + 1] * clean + np.sqrt(s[i + 1] ** 2 - fresh**2) * blur + fresh * rng.standard_normal(n)
        variance = clean.var()
        spread.append(variance**0.5)
    np.testing.assert_allclose(networks.bond_spread(4), spread, rtol=0.01)
    np.testing.assert_allclose(networks.bond_spread(4), [0.903, 0.813, 0.729, 0.649], atol=1e-3)


def test_the_linear_autoencoder_keeps_the_largest_eigenvalues():
    bounds = networks.linear_variance(3)
    rows = np.asarray(networks.autoencoder().rows, float)
    centred = rows - rows.mean(axis=0)
    kept = np.sort(np.linalg.svd(centred, compute_uv=False) ** 2 / len(rows))[::-1][:8].sum()
    np.testing.assert_allclose(bounds["replace"], kept - 0.16 * np.array([1, 2, 3]), rtol=1e-6)
    np.testing.assert_allclose(bounds["accumulate"], kept - 0.16 * np.array([1, 1.5, 11 / 6]), rtol=1e-6)


def test_claims_about_networks_are_decided_by_what_usually_happens():
    found = [claim for claim in networks.CLAIMS if claim.networks]
    means = {claim.name for claim in found if claim.relation.name != "usually"}
    assert len(found) == 12 and means == {"vae-one-curve"}
    assert not {claim.name for claim in found} & {claim.name for claim in jc.claims.all()}
    assert jc.claims.get("vae-replace").networks
