"""Rows of numbers for the shapes of a molecule, and back: internal coordinates of a chain, a frame, or plain positions.

A shape is what is left of positions when the molecule may be moved and turned. Internal coordinates (lengths, angles,
cosines and sines of torsions) have it exactly, and every bond length is a number of its own; a frame puts three atoms
at the origin, on an axis and in a plane; plain positions leave it to the network to know that turns mean nothing.
"""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxcollapse.machine.leniency import lenient
from jaxcollapse.population.datasets.molecules import along_chain, chain

_STRAIGHT = 1e-3  # the sine of an angle below which three atoms are on a line


class Coordinates(eqx.Module):
    """A way to write positions as a row, on the host, and a row as positions, in a program."""

    @abc.abstractmethod
    def rows(self, x: np.ndarray) -> np.ndarray:
        """Rows of numbers for positions of shape ``(n, atoms, 3)``."""

    @abc.abstractmethod
    def positions(self, rows: Float[Array, "n dim"]) -> Float[Array, "n atoms 3"]:
        """Positions for rows of numbers."""

    def scale(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is taken from each number of a row, and what it is divided by then, so that both moments are plain.

        **Raises** `ValueError` for a number that is the same in all rows.
        """
        spread = rows.std(axis=0)
        if not (spread > 0).all():
            raise ValueError(f"conformers must differ in every coordinate; {np.sum(spread == 0)} of them never change")
        return rows.mean(axis=0), spread

    def noise(self, noise: Float[Array, "n dim"]) -> Float[Array, "n dim"]:
        """Normal noise as it may be added to rows: as it is by default."""
        return noise


class Internal(Coordinates):
    """Bond lengths, bond angles, and cosines and sines of the torsions of a chain of atoms."""

    atoms: int = eqx.field(static=True)

    def rows(self, x: np.ndarray) -> np.ndarray:
        steps = np.diff(x, axis=1)
        lengths = np.linalg.norm(steps, axis=2)
        along = steps / lengths[..., None]
        angles = np.arccos(np.clip(-(along[:, 1:] * along[:, :-1]).sum(axis=2), -1, 1))
        if np.sin(angles).min() < _STRAIGHT:
            raise ValueError("conformers must have no three neighbours on a line for internal coordinates")
        phi = np.asarray(torsion_angles(jnp.asarray(x, jnp.float32), along_chain(self.atoms, 4)), float)
        return np.concatenate([lengths, angles, np.cos(phi), np.sin(phi)], axis=1)

    @lenient()
    def positions(self, rows: Float[Array, "n dim"]) -> Float[Array, "n atoms 3"]:
        n = self.atoms
        lengths, angles, cosines, sines = jnp.split(rows, [n - 1, 2 * n - 3, 3 * n - 6], axis=1)
        return chain(lengths, angles, jnp.arctan2(sines, cosines), jnp)


class Frame(Coordinates):
    """Positions in a frame of three atoms: the second at the origin, the third on an axis, the first in a plane."""

    atoms: int = eqx.field(static=True)
    frame: tuple[int, int, int] = eqx.field(static=True)

    @property
    def free(self) -> np.ndarray:
        """The numbers that are left of all positions."""
        a, b, c = self.frame
        fixed = {(b, 0), (b, 1), (b, 2), (c, 1), (c, 2), (a, 2)}
        return np.array([3 * i + d for i in range(self.atoms) for d in range(3) if (i, d) not in fixed])

    def rows(self, x: np.ndarray) -> np.ndarray:
        a, b, c = (x[:, i] for i in self.frame)
        along, other = c - b, a - b
        size = np.linalg.norm(along, axis=1) * np.linalg.norm(other, axis=1)
        sine = np.linalg.norm(np.cross(along, other), axis=1) / np.where(size > 0, size, 1.0)
        if sine.min() < _STRAIGHT:
            worst = int(np.argmin(sine))
            raise ValueError(f"frame must name three atoms that are never on a line, got {self.frame}: see {worst}")
        first = along / np.linalg.norm(along, axis=1, keepdims=True)
        second = other - (other * first).sum(axis=1, keepdims=True) * first
        second = second / np.linalg.norm(second, axis=1, keepdims=True)
        axes = np.stack([first, second, np.cross(first, second)], axis=1)
        return np.einsum("nad,ned->nae", x - b[:, None], axes).reshape(len(x), -1)[:, self.free]

    @lenient()
    def positions(self, rows: Float[Array, "n dim"]) -> Float[Array, "n atoms 3"]:
        full = jnp.zeros((len(rows), 3 * self.atoms), rows.dtype).at[:, self.free].set(rows)
        return full.reshape(len(rows), self.atoms, 3)


class Plain(Coordinates):
    """Positions about their centre, all of one scale: for networks that know that turns mean nothing."""

    atoms: int = eqx.field(static=True)

    def rows(self, x: np.ndarray) -> np.ndarray:
        return (x - x.mean(axis=1, keepdims=True)).reshape(len(x), -1)

    def positions(self, rows: Float[Array, "n dim"]) -> Float[Array, "n atoms 3"]:
        return rows.reshape(len(rows), self.atoms, 3)

    def scale(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        one = np.sqrt((rows**2).sum(axis=1).mean() / (3 * (self.atoms - 1)))  # of what the centre leaves free
        return np.zeros(rows.shape[1]), np.full(rows.shape[1], one)

    @lenient()
    def noise(self, noise: Float[Array, "n dim"]) -> Float[Array, "n dim"]:
        """Without a part that would move the centre."""
        x = noise.reshape(-1, self.atoms, 3)
        return (x - x.mean(axis=1, keepdims=True)).reshape(noise.shape)


def is_chain(bonds: Int[np.ndarray, "bonds 2"], atoms: int) -> bool:
    """Whether every atom is bonded to the next one and to no other."""
    ends = {tuple(sorted(bond)) for bond in np.asarray(bonds).tolist()}
    return ends == set(map(tuple, along_chain(atoms, 2).tolist()))


@lenient()
def torsion_angles(x: Float[Array, "n atoms 3"], torsions: Int[np.ndarray, "torsions 4"]) -> Float[Array, "n torsions"]:
    """Torsion angles in radians, from -pi to pi; pi is trans.

    ```python
    >>> import jax.numpy as jnp, numpy as np
    >>> flat = jnp.array([[[0.0, 1, 0], [0, 0, 0], [1, 0, 0], [1, -1, 0]]])
    >>> round(abs(float(torsion_angles(flat, np.array([[0, 1, 2, 3]]))[0, 0])), 4)
    3.1416

    ```
    """
    a, b, c, d = (x[:, torsions[:, i]] for i in range(4))
    before, middle, behind = b - a, c - b, d - c
    first, second = jnp.cross(before, middle), jnp.cross(middle, behind)
    across = jnp.cross(first, _unit(middle))
    return jnp.arctan2(-(across * second).sum(axis=-1), (first * second).sum(axis=-1))


def _unit(v: Float[Array, "... 3"]) -> Float[Array, "... 3"]:
    return v * jax.lax.rsqrt(jnp.maximum((v**2).sum(axis=-1, keepdims=True), 1e-18))
