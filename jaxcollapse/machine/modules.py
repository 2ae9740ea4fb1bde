"""The files of a folder, as modules: for rooms that find their entries and keep no list."""

import importlib
import pkgutil
from types import ModuleType


def modules_of(package: str) -> list[ModuleType]:
    """The files and folders of a package, imported, by their names.

    ```python
    >>> [module.__name__ for module in modules_of("jaxcollapse.theory.counterexamples")][0]
    'jaxcollapse.theory.counterexamples.immediate_collapse'

    ```
    """
    places = importlib.import_module(package).__path__
    return [importlib.import_module(f"{package}.{info.name}") for info in pkgutil.iter_modules(places)]
