"""Measurements in columns, each with mean zero and variance one, from the files in `uci`."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float


def breast_cancer() -> tuple[Float[np.ndarray, "points dim"], Float[np.ndarray, " points"]]:
    """Measurements of cell nuclei, and whether the tumour is malignant.

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
    columns, benign = labelled("breast_cancer", header=1)
    return _standardised(columns), 1.0 - benign


def wine() -> tuple[Float[np.ndarray, "points dim"], Float[np.ndarray, " points"]]:
    """Chemical analyses of wines, and the cultivar of each.

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
    columns, cultivars = labelled("wine", header=1)
    return _standardised(columns), cultivars


def labelled(name: str, header: int = 0) -> tuple[Float[np.ndarray, "points dim"], Float[np.ndarray, " points"]]:
    """The columns of a file, and the last one apart: the labels."""
    file = Path(__file__).with_name("uci") / f"{name}.csv.gz"
    table = np.loadtxt(file, delimiter=",", skiprows=header)
    return table[:, :-1], table[:, -1]


def _standardised(columns: Any) -> np.ndarray:
    columns = np.asarray(columns, float)
    return (columns - columns.mean(axis=0)) / columns.std(axis=0)
