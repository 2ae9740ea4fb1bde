"""A diffusion model of the conformers of one molecule in the loop.

Rows ``x`` of unit variance are blurred to ``z = a x + s e`` with ``a = cos(pi t/2)``, ``s = sin(pi t/2)``. The network
predicts ``v = a e - s x``, so that one that returns zero is the best denoiser of normal rows. New rows come from
ancestral sampling at `levels` steps, the last of which returns the denoised row.

Reference: Gerstgrasser et al. 2024, arXiv:2404.01413, section 3.2; Ho, Jain and Abbeel 2020, arXiv:2006.11239; Salimans
and Ho 2022, arXiv:2202.00512 (prediction of v).
"""

import functools
from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, PyTree, Scalar

from jaxcollapse.arguments.check import check_choice, check_length, check_scalar
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.types import Count
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.networks import coordinates as shapes
from jaxcollapse.models.networks.measures import Moments, entropy, frechet, moments
from jaxcollapse.models.networks.trained import Trained, in_single, layers_at_once
from jaxcollapse.population.datasets.molecules import Conformers, checked

_BINS = 24  # of a torsion angle
_JOINT = 4  # torsions whose states are counted together
_FREQUENCIES = (0.5, 1.0, 2.0, 4.0)


class Denoiser(eqx.Module):
    """A plain network of a row and the logarithm of its signal-to-noise ratio."""

    layers: eqx.nn.MLP

    def __init__(self, dim: int, width: int, depth: int, key: Key[Array, ""]):
        inputs = dim + 2 * len(_FREQUENCIES)
        self.layers = eqx.nn.MLP(inputs, dim, width, depth, activation=jax.nn.silu, key=key)

    @lenient()
    def __call__(self, row: Float[Array, " dim"], log_ratio: Float[Array, ""]) -> Float[Array, " dim"]:
        waves = jnp.asarray(_FREQUENCIES, row.dtype) * log_ratio
        return self.layers(jnp.concatenate([row, jnp.sin(waves), jnp.cos(waves)]))


class Diffusion(Trained):
    """A diffusion model of the conformers of one molecule.

    **Arguments**

    - `conformers`: the real table, a `jaxcollapse.datasets.Conformers`.
    - `held_out`: positions that are never trained on, shape ``(conformers, atoms, 3)``, or `Conformers`.
    - `coordinates`: ``"internal"``, for chains of atoms and their default: lengths, angles, cosines and sines of
      torsions; ``"frame"``, the default of other molecules; or ``"plain"``, positions about their centre, for networks
      that know that turns mean nothing.
    - `frame`: for ``"frame"``, three atoms that are never on a line: at the origin is the second.
    - `network`: a function of a key that makes the network, any `equinox` module that is called with a row and the
      logarithm ``log(a/s)`` of its signal-to-noise ratio and returns a row; by default one of `depth` hidden layers of
      `width`. Rows are standardised.
    - `levels`: steps of the sampler, at least 1.
    - `end`: the last time ``t`` of the sampler, above 0 and below one half; the first is ``1 - end``.
    - `steps` (3,000 by default), `epochs`, `rate`, `batch`, `warm`, `clip`: as `Trained` takes them.

    **Metrics** of held-out rows `loss`, the denoising loss (1 for a network that returns zero, of normal rows); of
    generated ones `frechet`, the distance of all interatomic distances, `variation`, the total variation of the torsion
    angles in bins of 15 degrees, `entropy` of the states (trans, two times gauche) of the first four torsions together,
    `trans`, the mean share of trans, `forbidden`, the share of neighbouring torsions that are gauche with opposite
    signs, and `bond_spread`, the mean standard deviation of the bond lengths in units of the held-out one.

    **Raises** `ValueError` or `TypeError` for wrong arguments.

    **Exactness** Exact in law, as `Trained` is.

    **Reference** Gerstgrasser et al. 2024, arXiv:2404.01413.

    ```python
    >>> import jax, jaxcollapse as jc
    >>> real = jc.datasets.alkane(jax.random.key(1), 400, atoms=4)
    >>> model = jc.Diffusion(real._replace(x=real.x[200:]), real.x[:200], width=16, depth=1, levels=4, steps=50)
    >>> jc.simulate(model, jc.Replace(), key=jax.random.key(0), samples=100, generations=2).loss.shape
    (2,)

    ```
    """

    default_steps: ClassVar[int] = 3000
    held_out: Float[Array, "held_out dim"]
    shift: Float[Array, " dim"]
    scale: Float[Array, " dim"]
    real_distances: Moments
    real_torsions: Float[Array, "torsions bins"]
    real_spread: Float[Array, ""]
    end: Float[Array, ""]
    coordinates: shapes.Coordinates
    network: Callable | None = eqx.field(static=True)
    torsions: tuple[tuple[int, ...], ...] = eqx.field(static=True)
    bonds: tuple[tuple[int, ...], ...] = eqx.field(static=True)
    levels: int = eqx.field(static=True)
    width: int = eqx.field(static=True)
    depth: int = eqx.field(static=True)

    def __init__(
        self,
        conformers: Conformers,
        held_out: Any,
        *,
        coordinates: str | None = None,
        frame: tuple[Count, Count, Count] = (0, 1, 2),
        network: Callable | None = None,
        width: Count = 64,
        depth: Count = 3,
        levels: Count = 20,
        end: Any = 0.02,
        steps: Any = None,
        epochs: Any = None,
        rate: Any = 2e-3,
        batch: Count = 128,
        warm: bool = False,
        clip: Any = 1.0,
    ):
        if not isinstance(conformers, Conformers):
            raise TypeError(f"conformers must be a jaxcollapse.datasets.Conformers, got {shown(conformers)}")
        real = checked(*conformers)
        others = _held_out(held_out, real)
        atoms = real.x.shape[1]
        self.coordinates = _coordinates(coordinates, frame, real, atoms)
        check_length("levels", levels)
        check_length("width", width, each=8.0 * 3 * atoms)
        check_length("depth", depth, each=1e4)
        check_scalar("end", end)
        if not 0 < float(end) < 0.5:
            raise ValueError(f"end must lie between 0 and 0.5, got {end}")
        if network is not None and not callable(network):
            raise TypeError(f"network must be a function of a key that makes one, got {shown(network)}")
        with jax.ensure_compile_time_eval():
            rows, test = self.coordinates.rows(real.x), self.coordinates.rows(others)
        shift, scale = self.coordinates.scale(rows)
        super().__init__(
            (rows - shift) / scale, steps=steps, epochs=epochs, rate=rate, batch=batch, warm=warm, clip=clip
        )
        self.shift, self.scale, self.end = map(in_single, (shift, scale, end))
        self.held_out = in_single((test - shift) / scale)
        self.network, self.levels, self.width, self.depth = network, int(levels), int(width), int(depth)
        self.torsions, self.bonds = (tuple(map(tuple, index.tolist())) for index in (real.torsions, real.bonds))
        with jax.ensure_compile_time_eval():
            seen = self._look(self.held_out)
            self.real_distances = moments(seen["distances"])
        self.real_torsions = seen["bins"]
        self.real_spread = seen["bond_spread"]

    def build(self, key: Key[Array, ""]) -> PyTree:
        """The network that predicts ``v``."""
        dim = self.held_out.shape[1]
        plain = lambda key: layers_at_once(functools.partial(Denoiser, dim, self.width, self.depth), key)  # noqa: E731
        network = (plain if self.network is None else self.network)(key)
        number = lambda *shape: jax.ShapeDtypeStruct(shape, jnp.float32)  # noqa: E731
        out = eqx.filter_eval_shape(lambda net, row, ratio: net(row, ratio), network, number(dim), number())
        if getattr(out, "shape", None) != (dim,):
            raise ValueError(f"network must return a row of {dim} numbers for one, got {out}")
        return network

    @lenient()
    def loss(self, network: PyTree, rows: Float[Array, "batch dim"], key: Key[Array, ""]) -> Scalar:
        """The mean squared error of ``v`` at times that are spread evenly, from one random offset."""
        time_key, noise_key = jax.random.split(key)
        offset = jax.random.uniform(time_key, ()) + jnp.arange(len(rows)) / len(rows)
        times = self.end + (1 - 2 * self.end) * (offset % 1.0)
        return self._errors(network, rows, times, noise_key).mean()

    @lenient()
    def draw(self, network: PyTree, key: Key[Array, ""], n: int) -> Float[Array, "n dim"]:
        """Ancestral sampling from normal rows; the last step returns the denoised row."""
        start_key, step_key = jax.random.split(key)
        noise = lambda key: self.coordinates.noise(jax.random.normal(key, (n, self.held_out.shape[1])))  # noqa: E731
        times = jnp.linspace(1 - self.end, self.end, self.levels + 1)

        def step(carry, i):
            z, _ = carry
            (a, s), (b, q) = _mixture(times[i]), _mixture(times[i + 1])
            v = jax.vmap(network, (0, None))(z, jnp.log(a / s))
            clean, blur = a * z - s * v, s * z + a * v
            fresh = q / s * jnp.sqrt(jnp.maximum(1 - (a / b) ** 2, 0.0))
            kept = jnp.sqrt(jnp.maximum(q**2 - fresh**2, 0.0))
            return (b * clean + kept * blur + fresh * noise(jax.random.fold_in(step_key, i)), clean), None

        start = noise(start_key)
        (_, clean), _ = jax.lax.scan(step, (start, start), jnp.arange(self.levels))
        return clean

    @lenient()
    def evaluate(self, network: PyTree, key: Key[Array, ""]) -> dict[str, Array]:
        """The loss of held-out rows, and the shapes of as many generated ones."""
        noise_key, draw_key = jax.random.split(key)
        count = len(self.held_out)
        times = jnp.linspace(self.end, 1 - self.end, count)
        seen = self._look(self.draw(network, draw_key, count))
        return {
            "loss": self._errors(network, self.held_out, times, noise_key).mean(),
            "frechet": frechet(seen["distances"], self.real_distances),
            "variation": 0.5 * jnp.abs(seen["bins"] - self.real_torsions).sum(axis=1).mean(),
            "entropy": entropy(seen["states"]),
            "trans": seen["trans"],
            "forbidden": seen["forbidden"],
            "bond_spread": seen["bond_spread"] / self.real_spread,
        }

    @lenient()
    def positions(self, rows: Float[Array, "n dim"]) -> Float[Array, "n atoms 3"]:
        """The positions of the atoms that rows, as `draw` returns them, stand for."""
        return self.coordinates.positions(rows * self.scale + self.shift)

    @lenient()
    def angles(self, rows: Float[Array, "n dim"]) -> Float[Array, "n torsions"]:
        """The torsion angles of rows, in radians; pi is trans."""
        return shapes.torsion_angles(self.positions(rows), np.array(self.torsions))

    def _errors(self, network: PyTree, rows: Array, times: Array, key: Key[Array, ""]) -> Float[Array, " rows"]:
        """The squared error of ``v`` of each row at its time."""
        e = self.coordinates.noise(jax.random.normal(key, rows.shape))
        a, s = (part[:, None] for part in _mixture(times))
        v = jax.vmap(network)(a * rows + s * e, jnp.log(a / s)[:, 0])
        return ((v - (a * e - s * rows)) ** 2).mean(axis=1)

    @lenient()
    def _look(self, rows: Float[Array, "n dim"]) -> dict[str, Array]:
        """What the shapes of rows are like."""
        x = self.positions(rows)
        i, j = np.triu_indices(x.shape[1], 1)
        distance = lambda i, j: jnp.sqrt(((x[:, i] - x[:, j]) ** 2).sum(axis=-1) + 1e-12)  # noqa: E731
        torsions, bonds = np.array(self.torsions), np.array(self.bonds)
        phi = shapes.torsion_angles(x, torsions)
        cell = jnp.clip(jnp.floor((phi + jnp.pi) / (2 * jnp.pi) * _BINS).astype(int), 0, _BINS - 1)
        well = jnp.where(jnp.cos(phi) < -0.5, 0, jnp.where(phi > 0, 1, 2))  # trans, gauche of either sign
        joint = min(len(torsions), _JOINT)
        code = (well[:, :joint] * 3 ** np.arange(joint)).sum(axis=1)
        pairs = [(k, k + 1) for k in range(len(torsions) - 1) if self.torsions[k][1:] == self.torsions[k + 1][:-1]]
        opposite = [((well[:, a] + well[:, b] == 3) & (well[:, a] * well[:, b] == 2)).mean() for a, b in pairs]
        return {
            "distances": distance(i, j),
            "bins": jax.nn.one_hot(cell, _BINS).mean(axis=0),
            "states": jax.nn.one_hot(code, 3**joint).mean(axis=0),
            "trans": (well == 0).mean(),
            "forbidden": jnp.stack(opposite).mean() if opposite else jnp.zeros(()),
            "bond_spread": distance(bonds[:, 0], bonds[:, 1]).std(axis=0).mean(),
        }


def _mixture(t: Array) -> tuple[Array, Array]:
    """How much of a row and of noise there is at time `t`."""
    return jnp.cos(0.5 * jnp.pi * t), jnp.sin(0.5 * jnp.pi * t)


def _held_out(held_out: Any, real: Conformers) -> np.ndarray:
    """Positions of the same molecule."""
    positions = held_out.x if isinstance(held_out, Conformers) else held_out
    try:
        others = checked(np.asarray(positions), real.torsions, real.bonds).x
    except ValueError as error:
        raise ValueError(f"held_out is no set of conformers: {error}") from None
    if others.shape[1] != real.x.shape[1]:
        raise ValueError(f"held_out must have the {real.x.shape[1]} atoms of conformers, got {others.shape[1]}")
    return others


def _coordinates(name: Any, frame: Any, real: Conformers, atoms: int) -> shapes.Coordinates:
    """How positions are written, as its name says."""
    chain = shapes.is_chain(real.bonds, atoms)
    name = ("internal" if chain else "frame") if name is None else name
    check_choice("coordinates", name, ("internal", "frame", "plain"))
    if name == "internal":
        if not chain:
            raise ValueError(
                "coordinates='internal' are for a chain of atoms, bonded one after the other: take 'frame'"
            )
        return shapes.Internal(atoms)
    if name == "plain":
        return shapes.Plain(atoms)
    index = np.asarray(frame)
    if index.shape != (3,) or index.dtype.kind not in "iu" or len(set(index.tolist())) < 3:
        raise ValueError(f"frame must name three different atoms, got {shown(frame)}")
    if index.min() < 0 or index.max() >= atoms:
        raise ValueError(f"frame must name atoms from 0 to {atoms - 1}, got {shown(frame)}")
    return shapes.Frame(atoms, tuple(index.tolist()))
