"""Images as rows of pixels, for kernels and for networks: handwritten digits, and your own."""

import os
import zipfile
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Shaped

from jaxcollapse.arguments.check import check_choice
from jaxcollapse.population.datasets.tables import labelled


def digits(
    labels: Literal["parity", "digit"] = "parity",
) -> tuple[Float[np.ndarray, "points dim"], Shaped[np.ndarray, " points"]]:
    """Handwritten digits, 8 x 8 pixels.

    **Arguments** `labels`: ``"parity"``, whether a digit is odd, as numbers 0.0 and 1.0; or ``"digit"``, the digits
    themselves, as integers.

    **Returns** the pixels, scaled to [0, 1], shape ``(1797, 64)``, and the labels, shape ``(1797,)``. Neighbours are
    often of the same writer: draw points, or permute them.

    **Raises** `ValueError` for other labels.

    **Reference** Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository
    (its test set).

    ```python
    >>> import jaxcollapse as jc
    >>> x, y = jc.datasets.digits()
    >>> x.shape, float(x.max()), float(y.sum())
    ((1797, 64), 1.0, 906.0)
    >>> jc.datasets.digits("digit")[1][:4].tolist()
    [0, 1, 2, 3]

    ```
    """
    check_choice("labels", labels, ("parity", "digit"))
    pixels, digit = labelled("digits")
    x, y = _scaled(pixels, digit.astype(int))
    return x, y if labels == "digit" else (y % 2).astype(float)


def images(path: str | os.PathLike) -> tuple[Float[np.ndarray, "points dim"], Shaped[np.ndarray, " points"]]:
    """Images from a file of your own, such as MNIST or crops of CelebA, with their labels.

    **Arguments** `path`: an ``.npz`` file with the images ``x``, shape ``(points, ...)``, at least two, finite, not
    negative, and the integer labels ``y``, shape ``(points,)``.

    **Returns** the pixels, divided by the largest, shape ``(points, dim)``, and the labels.

    **Raises** `FileNotFoundError` where there is no file, `ValueError` for another content.

    ```python
    >>> import numpy as np, jaxcollapse as jc, tempfile, os
    >>> file = os.path.join(tempfile.mkdtemp(), "own.npz")
    >>> np.savez(file, x=np.arange(8.0).reshape(2, 2, 2), y=[3, 8])
    >>> x, y = jc.datasets.images(file)
    >>> x.shape, float(x.max()), y.tolist()
    ((2, 4), 1.0, [3, 8])

    ```
    """
    arrays = arrays_of(path, ("x", "y"))
    return _scaled(arrays["x"], arrays["y"])


def load(path: str | os.PathLike) -> tuple[Float[np.ndarray, "points dim"], Float[np.ndarray, " points"]]:
    """Digits from a file of your own, such as MNIST.

    **Arguments** `path`: as `images` takes it.

    **Returns** as `digits` does: the pixels, divided by the largest, shape ``(points, dim)``, and the parity of the
    labels. A kernel matrix of many thousand points fills the memory: take some of them.

    **Raises** `FileNotFoundError` where there is no file, `ValueError` for another content.

    ```python
    >>> import numpy as np, jaxcollapse as jc, tempfile, os
    >>> file = os.path.join(tempfile.mkdtemp(), "own.npz")
    >>> np.savez(file, x=np.arange(8.0).reshape(2, 2, 2), y=[3, 8])
    >>> jc.datasets.load(file)[1].tolist()
    [1.0, 0.0]

    ```
    """
    x, y = images(path)
    return x, (y % 2).astype(float)


def arrays_of(path: str | os.PathLike, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The arrays of these names in an ``.npz`` file.

    **Raises** `FileNotFoundError` or `ValueError` with the path and what it must hold.
    """
    what = f"path must be an .npz file with arrays {', '.join(names[:-1])} and {names[-1]}"
    try:
        found = np.load(Path(path), allow_pickle=False)
        if isinstance(found, np.ndarray):
            raise ValueError(f"{what}, got {path} with a single array")
        with found as file:
            if not set(names) <= set(file):
                raise ValueError(f"{what}, got {path} with {sorted(file)}")
            return {name: file[name] for name in names}
    except FileNotFoundError:
        raise FileNotFoundError(f"{what}: there is no {path}") from None
    except IsADirectoryError:
        raise ValueError(f"{what}: {path} is a folder") from None
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        if str(error).startswith("path must"):
            raise
        raise ValueError(f"{what}, got {path}, which is none: {error}") from None


def _scaled(images: Any, labels: Any) -> tuple[np.ndarray, np.ndarray]:
    """Pixels as rows, the largest of which is one, and labels, both of them checked."""
    images, labels = np.asarray(images), np.asarray(labels)
    if images.ndim < 2 or images.size == 0 or images.dtype.kind not in "biuf":
        raise ValueError(f"x must hold images as numbers, shape (points, ...), got {images.dtype} of {images.shape}")
    if len(images) < 2:
        raise ValueError(f"x must hold at least two images, got {len(images)}")
    images = images.astype(float)
    if not np.isfinite(images).all():
        raise ValueError(f"x must be finite, got {np.sum(~np.isfinite(images)):,} pixels that are not")
    if images.min() < 0 or images.max() == 0:
        raise ValueError(f"x must hold images with pixels of at least 0, not all 0, got {images.min()} and above")
    if labels.shape != (len(images),) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"y must hold {len(images)} integers, got {labels.dtype} of shape {labels.shape}")
    return images.reshape(len(images), -1) / images.max(), labels
