"""A fixed classifier of images: what generated images are measured by, the same for all generations."""

import math
from itertools import pairwise
from typing import Any, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Shaped

from jaxcollapse.arguments.check import check_integer
from jaxcollapse.arguments.types import Count
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.machine.precision import untraced
from jaxcollapse.models.networks.trained import in_single

Layers: TypeAlias = tuple[tuple[Float[Array, "_ _"], Float[Array, " _"]], ...]
_HIDDEN, _BATCH, _PASSES, _RATE, _DECAY = (64, 32), 200, 60, 1e-3, 1e-2


class Classifier(eqx.Module):
    """A network of two hidden layers that tells the classes of images, trained once.

    Called with rows of images it returns features, the last hidden layer, and the probabilities of the classes: any
    function that does so serves a `VAE` in its place.

    **Arguments**

    - `images`: shape ``(images, dim)``, at least two, finite.
    - `labels`: integers, shape ``(images,)``, of at least two classes.
    - `seed`: of the training.

    **Raises** `ValueError` for other shapes and labels.

    ```python
    >>> import jaxcollapse as jc
    >>> x, y = jc.datasets.digits("digit")
    >>> classifier = jc.Classifier(x[:500], y[:500])
    >>> features, shares = classifier(x[500:1000])
    >>> features.shape, bool((shares.argmax(axis=1) == y[500:1000]).mean() > 0.8)
    ((500, 32), True)

    ```
    """

    layers: Layers

    def __init__(self, images: Any, labels: Any, *, seed: Count = 0):
        images, labels = np.asarray(images, float), np.asarray(labels)
        if images.ndim != 2 or len(images) < 2 or not np.isfinite(images).all():
            raise ValueError(f"images must be at least two finite rows, shape (images, dim), got {images.shape}")
        if labels.shape != (len(images),) or not np.issubdtype(labels.dtype, np.integer):
            raise ValueError(f"labels must hold {len(images)} integers, got {labels.dtype} of shape {labels.shape}")
        if len(np.unique(labels)) < 2:
            raise ValueError(f"labels must be of at least two classes, got {np.unique(labels).tolist()}")
        check_integer("seed", seed, minimum=0)
        self.layers = untraced(lambda: _trained(images, np.unique(labels, return_inverse=True)[1], int(seed)))

    @lenient()
    def __call__(
        self, images: Shaped[Array, "images dim"] | np.ndarray
    ) -> tuple[Float[Array, "images features"], Float[Array, "images classes"]]:
        """Features and probabilities of the classes."""
        features, logits = _told(self.layers, jnp.asarray(images, jnp.float32))
        return features, jax.nn.softmax(logits)


def _told(
    layers: Layers, images: Float[Array, "images dim"]
) -> tuple[Float[Array, "images features"], Float[Array, "images classes"]]:
    """Features, and the logits of the classes."""
    for weights, bias in layers[:-1]:
        images = jax.nn.relu(images @ weights + bias)
    weights, bias = layers[-1]
    return images, images @ weights + bias


@lenient()
def _trained(images: Float[np.ndarray, "images dim"], labels: Shaped[np.ndarray, " images"], seed: int) -> Layers:
    """By Adam on minibatches of rows, none of which comes again before all the others."""
    import optax

    rng = np.random.default_rng(seed)
    sizes, batch = (images.shape[1], *_HIDDEN, int(labels.max()) + 1), min(_BATCH, len(images))
    shapes = [(shape, np.sqrt(6 / sum(shape))) for shape in pairwise(sizes)]
    layers = tuple((in_single(rng.uniform(-w, w, shape)), in_single(np.zeros(shape[1]))) for shape, w in shapes)
    steps = _PASSES * math.ceil(len(images) / batch)
    rows = [rng.permutation(len(images)) for _ in range(math.ceil(steps * batch / len(images)))]
    batches = np.concatenate(rows)[: steps * batch].reshape(steps, batch)
    x, y, adam = in_single(images), jnp.asarray(labels), optax.adam(_RATE)

    def loss(layers, rows):
        apart = optax.softmax_cross_entropy_with_integer_labels(_told(layers, x[rows])[1], y[rows])
        return apart.mean() + 0.5 * _DECAY / batch * sum(jnp.sum(weights**2) for weights, _ in layers)

    def step(carry, rows):
        layers, state = carry
        change, state = adam.update(jax.grad(loss)(layers, rows), state)
        return (optax.apply_updates(layers, change), state), None

    return jax.jit(lambda: jax.lax.scan(step, (layers, adam.init(layers)), batches)[0][0])()
