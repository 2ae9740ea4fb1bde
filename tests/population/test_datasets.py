"""Real data: exact conformers of alkanes against integrals and other draws, files of one's own, and what is refused."""

import itertools
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats

import jaxcollapse as jc
from jaxcollapse.models.networks.coordinates import Internal, torsion_angles
from jaxcollapse.population.datasets import molecules

KEY = jax.random.key(3)


def internal(x):
    """Lengths, angles and torsions from positions, by the formulas of a textbook."""
    steps = np.diff(x, axis=1)
    lengths = np.linalg.norm(steps, axis=2)
    angles = np.pi - np.arccos((steps[:, 1:] * steps[:, :-1]).sum(axis=2) / lengths[:, 1:] / lengths[:, :-1])
    torsions = []
    for i in range(x.shape[1] - 3):
        b1, b2, b3 = (steps[:, i + j] for j in range(3))
        n1, n2 = np.cross(b1, b2), np.cross(b2, b3)
        y = np.linalg.norm(b2, axis=1) * (b1 * n2).sum(axis=1)
        torsions.append(np.arctan2(y, (n1 * n2).sum(axis=1)))
    return lengths, angles, np.stack(torsions, axis=1)


def energy(phi):
    return 355.03 * (1 + np.cos(phi)) - 68.19 * (1 - np.cos(2 * phi)) + 791.32 * (1 + np.cos(3 * phi))


@pytest.mark.parametrize("atoms", [4, 5, 6])
def test_lengths_and_angles_are_normal(atoms):
    lengths, angles, _ = internal(jc.datasets.alkane(KEY, 20_000, atoms, 250.0).x)
    spread = np.sqrt(250.0 / 62_500)
    for values, mean, sd in ((lengths, 1.54, 0.03), (angles, np.deg2rad(114), spread)):
        assert stats.kstest(values[:, 0], stats.norm(mean, sd).cdf).pvalue > 1e-3 or atoms > 4
        # The interaction of the ends widens them a little; its share is below 0.01 standard deviations.
        assert np.abs(values.mean(axis=0) - mean).max() < (4 / np.sqrt(20_000) + 0.015 * (atoms > 4)) * sd
        assert np.abs(values.std(axis=0) / sd - 1).max() < 4 / np.sqrt(2 * 20_000) + 0.005 * (atoms > 4)


@pytest.mark.parametrize("temperature", [40.0, 300.0, 3000.0])
def test_the_torsion_of_butane_has_the_law_of_its_energy(temperature):
    n, bins = 40_000, 24
    _, _, phi = internal(jc.datasets.alkane(KEY, n, 4, temperature).x)
    law = jc.datasets.torsion_law(temperature, bins=bins)
    edges = np.linspace(-np.pi, np.pi, bins + 1)
    weight = lambda p: np.exp(-energy(p) / temperature)  # noqa: E731
    exact = np.array([integrate.quad(weight, a, b)[0] for a, b in itertools.pairwise(edges)])
    np.testing.assert_allclose(law, exact / exact.sum(), rtol=1e-9, atol=1e-10)
    counts = np.histogram(phi[:, 0], edges)[0]
    seen = law * n > 5
    assert stats.chisquare(counts[seen], law[seen] * counts[seen].sum() / law[seen].sum()).pvalue > 1e-3


@pytest.mark.slow
def test_the_torsions_of_pentane_have_the_law_of_their_energy_and_interaction():
    n, bins = 60_000, 12
    _, _, phi = internal(jc.datasets.alkane(KEY, n, 5, 300.0).x)
    law = jc.datasets.torsion_law(300.0, 5, bins=bins)
    assert law.shape == (bins, bins)
    np.testing.assert_allclose(law, law.T, rtol=1e-10)
    np.testing.assert_allclose(law, law[::-1, ::-1], rtol=1e-10)
    counts = np.histogram2d(*phi.T, bins=np.linspace(-np.pi, np.pi, bins + 1))[0]
    seen = law * n > 5
    assert stats.chisquare(counts[seen], law[seen] * counts[seen].sum() / law[seen].sum()).pvalue > 1e-3
    trans = np.cos(phi) < -0.5
    exact = jc.datasets.torsion_law(300.0, 5, bins=24).sum(axis=0)[[0, 1, 2, 3, -4, -3, -2, -1]].sum()
    assert abs(trans.mean() - exact) < 4 * np.sqrt(exact * (1 - exact) / 2 / n) * 1.5
    alone = jc.datasets.torsion_law(300.0)[[0, 1, 2, 3, -4, -3, -2, -1]].sum()
    assert abs(alone - 0.6627) < 2e-4 and 0.68 < exact < 0.70  # without and with the interaction of the ends


def test_hexane_is_a_weighted_chain_of_free_torsions():
    """Draws without interaction, placed by other code, with the Boltzmann factor of the pairs as weights."""
    n, heat, rng = 60_000, 300.0, np.random.default_rng(1)
    grid = np.linspace(-np.pi, np.pi, 20_001)
    cdf = integrate.cumulative_trapezoid(np.exp(-energy(grid) / heat), grid, initial=0)
    phi = np.interp(rng.uniform(size=(n, 3)) * cdf[-1], cdf, grid)
    rows = np.concatenate(
        [1.54 + 0.03 * rng.normal(size=(n, 5)), np.deg2rad(114) + np.sqrt(heat / 62_500) * rng.normal(size=(n, 4)),
         np.cos(phi), np.sin(phi)], axis=1,
    )  # fmt: skip
    x = np.asarray(Internal(6).positions(jnp.asarray(rows, jnp.float32)), float)
    total = 0.0
    for i, j, depth, diameter in [(0, 4, (98 * 46) ** 0.5, 3.85), (1, 5, (98 * 46) ** 0.5, 3.85), (0, 5, 98.0, 3.75)]:
        ratio = (diameter / np.linalg.norm(x[:, i] - x[:, j], axis=1)) ** 6
        total = total + 4 * depth * (ratio**2 - ratio)
    weight = np.exp(-total / heat)
    drawn = jc.datasets.alkane(KEY, n, 6, heat).x
    for value in (
        lambda x: np.cos(internal(x)[2]), lambda x: np.linalg.norm(x[:, 0] - x[:, 5], axis=1)[:, None],
        lambda x: np.linalg.norm(x[:, 0] - x[:, 4], axis=1)[:, None],
    ):  # fmt: skip
        free, real = value(x), value(drawn)
        mean = (weight[:, None] * free).sum(axis=0) / weight.sum()
        error = np.sqrt(((weight[:, None] * (free - mean)) ** 2).sum(axis=0)) / weight.sum()
        assert (np.abs(real.mean(axis=0) - mean) < 4.5 * np.hypot(error, real.std(axis=0) / np.sqrt(n))).all()


def test_a_key_and_a_size_are_all_that_conformers_depend_on():
    one, same, other = (jc.datasets.alkane(key, 50, 5).x for key in (KEY, KEY, jax.random.key(4)))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    butane = jc.datasets.alkane(KEY, 2, 4)
    assert butane.torsions.tolist() == [[0, 1, 2, 3]] and butane.bonds.tolist() == [[0, 1], [1, 2], [2, 3]]


def test_torsions_are_measured_as_they_were_drawn():
    rng = np.random.default_rng(0)
    phi = rng.uniform(-np.pi, np.pi, (100, 3))
    x = molecules.chain(1.5 + 0.1 * rng.normal(size=(100, 5)), 1.9 + 0.1 * rng.normal(size=(100, 4)), phi)
    found = torsion_angles(jnp.asarray(x, jnp.float32), np.array([[0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5]]))
    np.testing.assert_allclose(np.cos(found), np.cos(phi), atol=1e-4)
    np.testing.assert_allclose(np.sin(found), np.sin(phi), atol=1e-4)
    np.testing.assert_allclose(np.cos(internal(x)[2]), np.cos(phi), atol=1e-9)
    np.testing.assert_allclose(np.abs(np.sin(internal(x)[2])), np.abs(np.sin(phi)), atol=1e-9)


# Images


def test_digits_have_two_kinds_of_labels():
    (x, odd), (same, digit) = jc.datasets.digits(), jc.datasets.digits(labels="digit")
    np.testing.assert_array_equal(x, same)
    np.testing.assert_array_equal(odd, digit % 2)
    assert np.issubdtype(digit.dtype, np.integer) and set(digit.tolist()) == set(range(10))


GOOD = {"x": np.arange(12).reshape(3, 2, 2), "y": np.array([3, 4, 5])}


def saved(folder, arrays):
    path = folder / "own.npz"
    np.savez(path, **arrays)
    return path


def test_images_of_a_file(tmp_path):
    x, y = jc.datasets.images(saved(tmp_path, GOOD))
    np.testing.assert_allclose(x, GOOD["x"].reshape(3, 4) / 11)
    np.testing.assert_array_equal(y, GOOD["y"])
    np.testing.assert_array_equal(jc.datasets.load(saved(tmp_path, GOOD))[1], [1.0, 0.0, 1.0])


@pytest.mark.parametrize("read", [jc.datasets.images, jc.datasets.load])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(x=GOOD["x"][:1], y=GOOD["y"][:1]), "x must hold at least two images, got 1"),
        (dict(x=np.where(GOOD["x"] == 3, np.nan, GOOD["x"])), "x must be finite, got 1 pixels that are not"),
        (dict(x=GOOD["x"] - 1), "x must hold images with pixels of at least 0, not all 0, got -1"),
        (dict(x=0 * GOOD["x"]), "x must hold images with pixels of at least 0, not all 0"),
        (dict(x=np.arange(3)), "x must hold images as numbers, shape .points, ...., got"),
        (dict(x=np.array([["a", "b"]] * 3)), "x must hold images as numbers"),
        (dict(y=GOOD["y"][:2]), r"y must hold 3 integers, got int64 of shape \(2,\)"),
        (dict(y=GOOD["y"] / 1.0), "y must hold 3 integers, got float64"),
    ],
)
def test_wrong_images(read, change, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        read(saved(tmp_path, {**GOOD, **change}))


SHAPES = {"x": np.random.default_rng(0).normal(size=(3, 4, 3)), "torsions": [[0, 1, 2, 3]], "bonds": [[0, 1], [1, 2]]}


def test_conformers_of_a_file(tmp_path):
    found = jc.datasets.conformers(saved(tmp_path, SHAPES))
    np.testing.assert_array_equal(found.x, SHAPES["x"])
    assert (found.torsions.tolist(), found.bonds.tolist()) == (SHAPES["torsions"], SHAPES["bonds"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(x=SHAPES["x"][:1]), "x must hold at least two conformers, got 1"),
        (dict(x=np.where(SHAPES["x"] > 1, np.inf, SHAPES["x"])), "x must be finite, got"),
        (dict(x=SHAPES["x"][:, :, :2]), "x must hold positions, shape .conformers, atoms, 3., of 4 atoms or more"),
        (dict(x=SHAPES["x"][:, :3]), "of 4 atoms or more, got .3, 3, 3."),
        (dict(torsions=[[0, 1, 2, 4]]), "torsions must name atoms from 0 to 3, got 4"),
        (dict(bonds=[[0, -1]]), "bonds must name atoms from 0 to 3, got -1"),
        (dict(torsions=[[0, 1, 2]]), "torsions must hold integers, shape .torsions, 4., got int64 of .1, 3."),
        (dict(torsions=[[0.0, 1, 2, 3]]), "torsions must hold integers"),
        (dict(torsions=np.zeros((0, 4), int)), "torsions must hold integers"),
        (dict(bonds=[[1, 1]]), "bonds must name 2 different atoms each"),
    ],
)
def test_wrong_conformers(change, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        jc.datasets.conformers(saved(tmp_path, {**SHAPES, **change}))


READERS = [
    (jc.datasets.images, "x and y"),
    (jc.datasets.load, "x and y"),
    (jc.datasets.conformers, "x, torsions and bonds"),
]


@pytest.mark.parametrize(("read", "names"), READERS)
def test_files_that_are_not_there_or_hold_something_else(read, names, tmp_path):
    what = f"path must be an .npz file with arrays {names}"
    with pytest.raises(FileNotFoundError, match=f"{what}: there is no .*nothing.npz"):
        read(tmp_path / "nothing.npz")
    with pytest.raises(ValueError, match=f"{what}, got .* with ..x.."):
        read(saved(tmp_path, {"x": np.ones((2, 3))}))
    with pytest.raises(ValueError, match=f"{what}: .* is a folder"):
        read(tmp_path)
    for content in (b"", b"text", (tmp_path / "own.npz").read_bytes()[:100]):
        (tmp_path / "bad.npz").write_bytes(content)
        with pytest.raises(ValueError, match=f"{what}, got .*bad.npz, which is none"):
            read(tmp_path / "bad.npz")
    np.save(tmp_path / "one.npy", np.ones(3))
    with pytest.raises(ValueError, match=f"{what}, got .* with a single array"):
        read(tmp_path / "one.npy")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: jc.datasets.digits(labels="digits"), "labels must be 'parity' or 'digit', got 'digits': did you mean"),
        (lambda: jc.datasets.alkane(0, 10, 4), "key must be a typed key"),
        (lambda: jc.datasets.alkane(KEY, 1, 4), "n must be at least 2, got 1"),
        (lambda: jc.datasets.alkane(KEY, 10**13, 4), "n=10,000,000,000,000: arrays of that length would take"),
        (lambda: jc.datasets.alkane(KEY, 10, 7), "atoms must be 4 or 5 or 6, got 7"),
        (lambda: jc.datasets.alkane(KEY, 10, 4, 0.0), "temperature must be positive and finite, got 0"),
        (lambda: jc.datasets.torsion_law(-1.0), "temperature must be positive and finite, got -1"),
        (lambda: jc.datasets.torsion_law(300.0, 6), "atoms must be 4 or 5, got 6"),
        (lambda: jc.datasets.torsion_law(300.0, bins=0), "bins must be at least 1, got 0"),
        (lambda: jc.datasets.etkdg("CCCC", 1), "n must be at least 2, got 1"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_rdkit_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "rdkit", None)
    with pytest.raises(ImportError, match=r'etkdg needs rdkit: install "jaxcollapse\[molecules\]"'):
        jc.datasets.etkdg("CCCC", 10)


def test_conformers_of_a_drug():
    """Ibuprofen: a ring, branches, and bonds of the lengths that carbon has."""
    pytest.importorskip("rdkit")
    found = jc.datasets.etkdg("CC(C)Cc1ccc(cc1)C(C)C(=O)O", 20)
    assert found.x.shape == (20, 15, 3) and found.torsions.shape == (4, 4) and len(found.bonds) == 15
    lengths = np.linalg.norm(found.x[:, found.bonds[:, 0]] - found.x[:, found.bonds[:, 1]], axis=2)
    assert (lengths > 1.15).all() and (lengths < 1.65).all()
    for wrong in ("not a molecule", "CCC", "c1ccccc1"):
        with pytest.raises(ValueError, match="smiles must"):
            jc.datasets.etkdg(wrong, 2)
