"""Measurements in columns, each with mean zero and variance one, as they come with scikit-learn."""

from typing import Any

import numpy as np
from jaxtyping import Float


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


def _standardised(columns: Any) -> np.ndarray:
    columns = np.asarray(columns, float)
    return (columns - columns.mean(axis=0)) / columns.std(axis=0)
