"""Conformers of one molecule: exact draws for short alkanes, files of your own, and what rdkit makes of a formula.

The alkanes are chains of united atoms (Martin and Siepmann 1998, J. Phys. Chem. B 102, 2569: TraPPE), with energies in
kelvin and lengths in ångström: torsions of the published potential, atoms that are four or more bonds apart interact,
and bonds, rigid in the paper, are springs here, of a spread of 0.03 Å at every temperature.
"""

import os
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Array, Float, Int, Key, Real

from jaxcollapse.arguments.check import (
    check_choice,
    check_integer,
    check_key,
    check_length,
    check_positive,
    is_traced,
)
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.types import Count, Number
from jaxcollapse.population.datasets.pictures import arrays_of

BOND, BOND_SPREAD = 1.54, 0.03
ANGLE, ANGLE_STIFFNESS = np.deg2rad(114.0), 62_500.0
_C1, _C2, _C3 = 355.03, -68.19, 791.32
_CURVATURE = _C1 + 4 * abs(_C2) + 9 * _C3  # the second derivative of the torsion energy is not larger
_END, _MIDDLE = (98.0, 3.75), (46.0, 3.95)  # CH3 and CH2: depth and diameter of Lennard-Jones
_CELLS = 3600


class Conformers(NamedTuple):
    """Positions of the atoms of one molecule, many times, and what is to be looked at."""

    x: Float[np.ndarray, "conformers atoms 3"]
    """Positions."""
    torsions: Int[np.ndarray, "torsions 4"]
    """The atoms of each torsion angle."""
    bonds: Int[np.ndarray, "bonds 2"]
    """The atoms of each bond."""


def alkane(key: Key[Array, ""], n: Count, atoms: Count = 5, temperature: Number = 300.0) -> Conformers:
    """Independent draws from the Boltzmann law of butane, pentane or hexane, as chains of united atoms.

    In internal coordinates: bond lengths are normal about 1.54 Å with a spread of 0.03 Å, angles normal about 114
    degrees with the variance ``temperature / 62,500`` (the factors ``r² sin`` of Cartesian coordinates are left out),
    torsions have the density ``exp(-U/T)``, ``U = 355.03 (1 + cos) - 68.19 (1 - cos 2) + 791.32 (1 + cos 3)``, all of
    them independent but for the Lennard-Jones energy of atoms that are four or more bonds apart.

    **Arguments**

    - `key`: a typed key.
    - `n`: how many, at least 2.
    - `atoms`: 4, 5 or 6.
    - `temperature`: in kelvin, positive.

    **Returns** `Conformers`, with the torsions and bonds along the chain.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Exact, by rejection.

    **Reference** Martin and Siepmann 1998, J. Phys. Chem. B 102, 2569.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> butane = jc.datasets.alkane(jax.random.key(0), 100, atoms=4)
    >>> butane.x.shape, butane.torsions.tolist()
    ((100, 4, 3), [[0, 1, 2, 3]])

    ```
    """
    check_key("key", key)
    if is_traced(key):
        raise TypeError("key must be known: conformers are drawn on the host, outside of what JAX traces")
    check_length("n", n, minimum=2, each=24.0 * 6)
    check_choice("atoms", atoms, (4, 5, 6))
    check_positive("temperature", temperature)
    rng, heat, found = np.random.default_rng(_words(key)), float(temperature), []
    pairs = _interacting(int(atoms))
    while sum(map(len, found)) < n:
        size = int(n) + 100
        lengths = BOND + BOND_SPREAD * rng.standard_normal((size, atoms - 1))
        angles = ANGLE + np.sqrt(heat / ANGLE_STIFFNESS) * rng.standard_normal((size, atoms - 2))
        torsions = _torsions(rng, heat, (size, atoms - 3))
        x = chain(lengths, angles, torsions)
        excess = sum((_lennard_jones(x, *pair) + pair[2] for pair in pairs), np.zeros(size))
        found.append(x[rng.uniform(size=size) < np.exp(-excess / heat)])
    return Conformers(np.concatenate(found)[:n], along_chain(int(atoms), 4), along_chain(int(atoms), 2))


def torsion_law(temperature: Number = 300.0, atoms: Count = 4, *, bins: Count = 24) -> Float[np.ndarray, "..."]:
    """The exact law of the torsions of `alkane`: its shares in each of `bins` equal parts from -180 degrees on.

    **Arguments**

    - `temperature`: in kelvin, positive.
    - `atoms`: 4, one torsion; or 5, two torsions and the interaction of the ends.
    - `bins`: at least 1.

    **Returns** shape ``(bins,)`` or ``(bins, bins)``, with the sum one.

    **Raises** `ValueError` or `TypeError` for other arguments.

    **Exactness** Numerical integration: to 1e-10 for butane; for pentane, where lengths and angles are integrated out
    as well, each share to about 1e-5.

    ```python
    >>> import jaxcollapse as jc
    >>> law = jc.datasets.torsion_law(300.0, bins=3)  # gauche, and twice the half of trans: the edges are at 60 degrees
    >>> law.shape, round(float(law.sum()), 6)
    ((3,), 1.0)

    ```
    """
    check_positive("temperature", temperature)
    check_choice("atoms", atoms, (4, 5))
    check_length("bins", bins, each=2e4 if atoms == 4 else 1e6)
    heat, bins = float(temperature), int(bins)
    parts = -(-(960 if atoms == 4 else 96) // bins)
    node, weight = np.polynomial.legendre.leggauss(parts)
    phi = ((np.arange(bins)[:, None] + 0.5 * (1 + node)) * (2 * np.pi / bins) - np.pi).ravel()
    density = np.exp(-(_torsion_energy(phi) - _torsion_energy(np.pi)) / heat) * np.tile(weight, bins)
    if atoms == 5:
        density = density[:, None] * density * _mean_interaction(heat, phi)
        cells = density.reshape(bins, parts, bins, parts).sum(axis=(1, 3))
    else:
        cells = density.reshape(bins, parts).sum(axis=1)
    return cells / cells.sum()


def conformers(path: str | os.PathLike) -> Conformers:
    """Conformers of one molecule from a file of your own, such as of GEOM or QM9.

    **Arguments** `path`: an ``.npz`` file with the positions ``x``, shape ``(conformers, atoms, 3)``, at least two,
    finite, and the integers ``torsions``, shape ``(torsions, 4)``, and ``bonds``, shape ``(bonds, 2)``: atoms from 0.

    **Raises** `FileNotFoundError` where there is no file, `ValueError` for another content.

    ```python
    >>> import numpy as np, jaxcollapse as jc, tempfile, os
    >>> file = os.path.join(tempfile.mkdtemp(), "own.npz")
    >>> np.savez(file, x=np.random.normal(size=(3, 4, 3)), torsions=[[0, 1, 2, 3]], bonds=[[0, 1], [1, 2], [2, 3]])
    >>> jc.datasets.conformers(file).x.shape
    (3, 4, 3)

    ```
    """
    return checked(**arrays_of(path, ("x", "torsions", "bonds")))


def etkdg(smiles: str, n: Count, *, seed: Count = 0) -> Conformers:
    """Conformers of a molecule as rdkit embeds them (ETKDGv3): heavy atoms, rotatable torsions and bonds.

    Good for molecules with rings and hetero atoms. It needs the extra ``jaxcollapse[molecules]``. ETKDG prefers what
    crystals prefer: all its conformers of pentane are stretched, for which there is `alkane`.

    **Arguments**

    - `smiles`: the molecule, such as ``"CC(C)Cc1ccc(cc1)C(C)C(=O)O"``.
    - `n`: how many conformers, at least 2.
    - `seed`: of rdkit, at least 0.

    **Raises** `ImportError` without rdkit; `ValueError` for what is no molecule, has fewer than four heavy atoms or no
    rotatable torsion, or of which rdkit finds fewer than `n` conformers.

    **Reference** Wang, Witek, Landrum and Riniker 2020, J. Chem. Inf. Model. 60, 2044.
    """
    check_length("n", n, minimum=2, each=1e4)
    check_integer("seed", seed, minimum=0)
    try:
        from rdkit import Chem, RDLogger  # pyright: ignore[reportMissingImports]
        from rdkit.Chem import AllChem  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise ImportError('etkdg needs rdkit: install "jaxcollapse[molecules]"') from None
    if not isinstance(smiles, str):
        raise TypeError(f"smiles must be a text such as 'CCCCC', got {shown(smiles)}")
    RDLogger.DisableLog("rdApp.*")
    plain = Chem.MolFromSmiles(smiles)
    if plain is None or plain.GetNumAtoms() < 4:
        raise ValueError(f"smiles must be a molecule with at least four heavy atoms, got {shown(smiles)}")
    molecule, setting = Chem.AddHs(plain), AllChem.ETKDGv3()
    setting.randomSeed, setting.pruneRmsThresh, setting.numThreads = int(seed), -1.0, 1
    found = list(AllChem.EmbedMultipleConfs(molecule, int(n), setting))
    if len(found) < n:
        raise ValueError(f"n must be at most the {len(found)} conformers that rdkit finds for {smiles!r}, got {n}")
    heavy = plain.GetNumAtoms()  # hydrogens are added behind them
    x = np.stack([molecule.GetConformer(i).GetPositions()[:heavy] for i in found])
    rotatable, torsions = Chem.MolFromSmarts("[!$(*#*)&!D1]-&!@[!$(*#*)&!D1]"), []
    for i, j in plain.GetSubstructMatches(rotatable):
        before = [a.GetIdx() for a in plain.GetAtomWithIdx(i).GetNeighbors() if a.GetIdx() != j]
        behind = [a.GetIdx() for a in plain.GetAtomWithIdx(j).GetNeighbors() if a.GetIdx() != i]
        torsions.append((before[0], i, j, behind[0]))
    if not torsions:
        raise ValueError(f"smiles must have a torsion that can rotate, got {shown(smiles)}")
    return checked(x, torsions, [(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in plain.GetBonds()])


def checked(x: Real[np.ndarray, "..."], torsions: object, bonds: object) -> Conformers:
    """Conformers whose shapes, numbers and indices are what they must be.

    **Raises** `ValueError` for the first that is not.
    """
    x = np.asarray(x)
    if x.ndim != 3 or x.shape[2] != 3 or x.shape[1] < 4 or x.dtype.kind not in "iuf":
        raise ValueError(f"x must hold positions, shape (conformers, atoms, 3), of 4 atoms or more, got {x.shape}")
    if len(x) < 2:
        raise ValueError(f"x must hold at least two conformers, got {len(x)}")
    if not np.isfinite(x).all():
        raise ValueError(f"x must be finite, got {np.sum(~np.isfinite(x)):,} numbers that are not")
    found = {}
    for name, value, width in (("torsions", torsions, 4), ("bonds", bonds, 2)):
        index = np.asarray(value)
        if index.ndim != 2 or index.shape[1] != width or len(index) == 0 or index.dtype.kind not in "iu":
            raise ValueError(f"{name} must hold integers, shape ({name}, {width}), got {index.dtype} of {index.shape}")
        if index.min() < 0 or index.max() >= x.shape[1]:
            wrong = index.min() if index.min() < 0 else index.max()
            raise ValueError(f"{name} must name atoms from 0 to {x.shape[1] - 1}, got {wrong}")
        if any(len(set(row)) < width for row in index.tolist()):
            raise ValueError(f"{name} must name {width} different atoms each, got {index.tolist()}")
        found[name] = index.astype(np.int64)
    return Conformers(x.astype(float), **found)


def along_chain(atoms: int, members: int) -> Int[np.ndarray, "groups members"]:
    """All groups of so many neighbours in a chain: its bonds for two, its torsions for four."""
    return np.arange(atoms - members + 1)[:, None] + np.arange(members)


def chain(
    lengths: Float[Any, "n bonds"], angles: Float[Any, "n angles"], torsions: Float[Any, "n t"], xp: Any = np
) -> Float[Any, "n atoms 3"]:
    """Positions from internal coordinates: the first atom at the origin, the second on an axis.

    `xp` is the array module that computes them.
    """
    zero, line = xp.zeros_like(lengths[:, 0]), lambda *columns: xp.stack(columns, 1)
    x = [line(zero, zero, zero), line(lengths[:, 0], zero, zero)]
    x.append(x[1] + lengths[:, 1, None] * line(-xp.cos(angles[:, 0]), xp.sin(angles[:, 0]), zero))
    for i in range(torsions.shape[1]):
        a, b, c = x[-3:]
        ahead = _unit(xp, c - b)
        up = _unit(xp, xp.cross(b - a, ahead))
        theta, phi = angles[:, i + 1, None], torsions[:, i, None]
        side = xp.cos(phi) * xp.cross(up, ahead) + xp.sin(phi) * up
        x.append(c + lengths[:, i + 2, None] * (-xp.cos(theta) * ahead + xp.sin(theta) * side))
    return xp.stack(x, 1)


def _unit(xp: Any, v: Any) -> Any:
    return v / xp.sqrt(xp.maximum((v**2).sum(axis=-1, keepdims=True), 1e-18))


def _words(key: Key[Array, ""]) -> np.ndarray:
    import jax

    return np.asarray(jax.random.key_data(key))


def _torsion_energy(phi: Any) -> Any:
    return _C1 * (1 + np.cos(phi)) + _C2 * (1 - np.cos(2 * phi)) + _C3 * (1 + np.cos(3 * phi))


def _torsions(rng: np.random.Generator, heat: float, shape: tuple[int, ...]) -> np.ndarray:
    """Draws of the density ``exp(-U/T)``: by a step function above it, and rejection."""
    edge = np.linspace(-np.pi, np.pi, _CELLS + 1)
    energy, width = _torsion_energy(edge), edge[1] - edge[0]
    lowest = np.minimum(energy[:-1], energy[1:]) - _CURVATURE * width**2 / 8  # U differs less from a straight line
    steps = np.exp(-(lowest - lowest.min()) / heat)
    edges, wanted, found = np.cumsum(steps), int(np.prod(shape)), []
    while sum(map(len, found)) < wanted:
        cell = np.minimum(np.searchsorted(edges, edges[-1] * rng.uniform(size=wanted), side="right"), _CELLS - 1)
        phi = edge[cell] + width * rng.uniform(size=wanted)
        found.append(phi[rng.uniform(size=wanted) < np.exp(-(_torsion_energy(phi) - lowest[cell]) / heat)])
    return np.concatenate(found)[:wanted].reshape(shape)


def _interacting(atoms: int) -> list[tuple[int, int, float, float]]:
    """The pairs of atoms that are four or more bonds apart, with depth and diameter."""
    kinds = [_END if i in (0, atoms - 1) else _MIDDLE for i in range(atoms)]
    mixed = lambda i, j: (np.sqrt(kinds[i][0] * kinds[j][0]), (kinds[i][1] + kinds[j][1]) / 2)  # noqa: E731
    return [(i, j, *mixed(i, j)) for i in range(atoms) for j in range(i + 4, atoms)]


def _lennard_jones(x: np.ndarray, i: int, j: int, depth: float, diameter: float) -> np.ndarray:
    ratio = diameter**6 / ((x[:, i] - x[:, j]) ** 2).sum(axis=1) ** 3
    return 4 * depth * (ratio**2 - ratio)


def _mean_interaction(heat: float, phi: np.ndarray) -> np.ndarray:
    """The factor of the ends of pentane, over both torsions: a mean over lengths and angles by three nodes each."""
    node, weight = np.sqrt(3.0) * np.array([-1.0, 0.0, 1.0]), np.array([1.0, 4.0, 1.0]) / 6
    index = np.stack(np.meshgrid(*7 * [np.arange(3)], indexing="ij"), -1).reshape(-1, 7)
    lengths = BOND + BOND_SPREAD * node[index[:, :4]]
    angles = ANGLE + np.sqrt(heat / ANGLE_STIFFNESS) * node[index[:, 4:]]
    weights = weight[index].prod(axis=1)
    pair, factor = _interacting(5)[0], np.empty((len(phi), len(phi)))
    for a, b in ((i, j) for i in range(len(phi)) for j in range(i, len(phi) - i)):
        x = chain(lengths, angles, np.broadcast_to(phi[[a, b]], (len(index), 2)))
        # A mirror changes both signs, and the two ends are alike; the nodes of `phi` are symmetric.
        for i, j in ((a, b), (b, a), (-1 - a, -1 - b), (-1 - b, -1 - a)):
            factor[i, j] = weights @ np.exp(-_lennard_jones(x, *pair) / heat)
    return factor
