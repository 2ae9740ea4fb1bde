"""A fixed classifier of images: what generated images are measured by, the same for all generations."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Shaped

from jaxcollapse.arguments.check import check_integer
from jaxcollapse.arguments.types import Count
from jaxcollapse.machine.leniency import lenient
from jaxcollapse.models.networks.trained import in_single


class Classifier(eqx.Module):
    """A network of two hidden layers that tells the classes of images, trained once, by scikit-learn.

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
    >>> features.shape, bool((shares.argmax(axis=1) == y[500:1000]).mean() > 0.85)
    ((500, 32), True)

    ```
    """

    layers: tuple[tuple[Float[Array, "inputs outputs"], Float[Array, " outputs"]], ...]

    def __init__(self, images: Any, labels: Any, *, seed: Count = 0):
        from sklearn.neural_network import MLPClassifier
        from threadpoolctl import threadpool_limits

        images, labels = np.asarray(images, float), np.asarray(labels)
        if images.ndim != 2 or len(images) < 2 or not np.isfinite(images).all():
            raise ValueError(f"images must be at least two finite rows, shape (images, dim), got {images.shape}")
        if labels.shape != (len(images),) or not np.issubdtype(labels.dtype, np.integer):
            raise ValueError(f"labels must hold {len(images)} integers, got {labels.dtype} of shape {labels.shape}")
        if len(np.unique(labels)) < 2:
            raise ValueError(f"labels must be of at least two classes, got {np.unique(labels).tolist()}")
        check_integer("seed", seed, minimum=0)
        with threadpool_limits(limits=1), np.errstate(all="ignore"):
            network = MLPClassifier((64, 32), max_iter=60, random_state=int(seed), alpha=1e-2)
            coefficients, intercepts = _fitted(network, images, labels)
        self.layers = tuple((in_single(w), in_single(b)) for w, b in zip(coefficients, intercepts, strict=True))

    @lenient()
    def __call__(
        self, images: Shaped[Array, "images dim"] | np.ndarray
    ) -> tuple[Float[Array, "images features"], Float[Array, "images classes"]]:
        """Features and probabilities of the classes."""
        features = jnp.asarray(images, jnp.float32)
        for weights, bias in self.layers[:-1]:
            features = jax.nn.relu(features @ weights + bias)
        weights, bias = self.layers[-1]
        return features, jax.nn.softmax(features @ weights + bias)


def _fitted(network: Any, images: np.ndarray, labels: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The weights of a classifier of scikit-learn; of two classes it has one output, which becomes two."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # so many steps are enough
        network.fit(images, labels)
    coefficients, intercepts = list(network.coefs_), list(network.intercepts_)
    if coefficients[-1].shape[1] == 1:
        coefficients[-1] = np.concatenate([0 * coefficients[-1], coefficients[-1]], axis=1)
        intercepts[-1] = np.concatenate([0 * intercepts[-1], intercepts[-1]])
    return coefficients, intercepts
