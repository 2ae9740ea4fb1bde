"""Real tables: images for `jaxcollapse.kernels`, with whether each shows an odd digit, and measurements in columns.

All but those of `load` come with scikit-learn.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float


def digits() -> tuple[Float[np.ndarray, "points dim"], Float[np.ndarray, " points"]]:
    """Handwritten digits, 8 x 8 pixels, as they come with scikit-learn.

    **Returns** the pixels, scaled to [0, 1], shape ``(1797, 64)``, and the parity of the digits, 0 or 1, shape
    ``(1797,)``. Neighbours are often of the same writer: draw points, or permute them.

    **Reference** Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository
    (its test set).

    ```python
    >>> import jaxcollapse as jc
    >>> x, y = jc.datasets.digits()
    >>> x.shape, float(x.max()), float(y.sum())
    ((1797, 64), 1.0, 906.0)

    ```
    """
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return _scaled(images, labels)


def breast_cancer() -> tuple[Float[np.ndarray, "points dim"], Float[np.ndarray, " points"]]:
    """Measurements of cell nuclei, and whether the tumour is malignant, as they come with scikit-learn.

    **Returns** the columns, each with mean zero and variance one, shape ``(569, 30)``, and 1 for a malignant tumour, 0
    for a benign one, shape ``(569,)``. A hyperplane of all columns separates the two; one of a few does not.

    **Reference** Street, Wolberg and Mangasarian 1993, Nuclear feature extraction for breast tumor diagnosis.

    ```python
    >>> import jaxcollapse as jc
    >>> x, y = jc.datasets.breast_cancer()
    >>> x.shape, float(y.sum())
    ((569, 30), 212.0)

    ```
    """
    from sklearn.datasets import load_breast_cancer

    columns, benign = load_breast_cancer(return_X_y=True)
    return _standardised(columns), 1.0 - np.asarray(benign, float)


def wine() -> tuple[Float[np.ndarray, "points dim"], Float[np.ndarray, " points"]]:
    """Chemical analyses of wines, and the cultivar of each, as they come with scikit-learn.

    **Returns** the columns, each with mean zero and variance one, shape ``(178, 13)``, and the cultivars 0, 1 and 2,
    shape ``(178,)``.

    **Reference** Aeberhard and Forina 1992, Wine, UCI Machine Learning Repository.

    ```python
    >>> import jaxcollapse as jc
    >>> x, y = jc.datasets.wine()
    >>> x.shape, np.bincount(y.astype(int)).tolist()
    ((178, 13), [59, 71, 48])

    ```
    """
    from sklearn.datasets import load_wine

    columns, cultivars = load_wine(return_X_y=True)
    return _standardised(columns), np.asarray(cultivars, float)


def load(path: str | os.PathLike) -> tuple[Float[np.ndarray, "points dim"], Float[np.ndarray, " points"]]:
    """Digits from a file of your own, such as MNIST.

    **Arguments** `path`: an ``.npz`` file with the images ``x``, shape ``(points, ...)``, not negative, and the integer
    labels ``y``, shape ``(points,)``.

    **Returns** as `digits` does: the pixels, divided by the largest, shape ``(points, dim)``, and the parity of the
    labels. A kernel matrix of many thousand points fills the memory: take some of them.

    **Raises** `ValueError` for another content.

    ```python
    >>> import numpy as np, jaxcollapse as jc, tempfile, os
    >>> file = os.path.join(tempfile.mkdtemp(), "own.npz")
    >>> np.savez(file, x=np.arange(8.0).reshape(2, 2, 2), y=[3, 8])
    >>> jc.datasets.load(file)[1].tolist()
    [1.0, 0.0]

    ```
    """
    with np.load(Path(path)) as file:
        if not {"x", "y"} <= set(file):
            raise ValueError(f"path must be an .npz file with arrays x and y, got {path} with {sorted(file)}")
        return _scaled(file["x"], file["y"])


def _standardised(columns: Any) -> np.ndarray:
    columns = np.asarray(columns, float)
    return (columns - columns.mean(axis=0)) / columns.std(axis=0)


def _scaled(images: Any, labels: Any) -> tuple[np.ndarray, np.ndarray]:
    images, labels = np.asarray(images, float), np.asarray(labels)
    if images.ndim < 2 or images.size == 0 or not np.isfinite(images).all() or images.min() < 0 or images.max() == 0:
        raise ValueError(f"x must hold images with pixels of at least 0, not all 0, got shape {images.shape}")
    if labels.shape != (len(images),) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"y must hold {len(images)} integers, got {labels.dtype} of shape {labels.shape}")
    return images.reshape(len(images), -1) / images.max(), (labels % 2).astype(float)
