"""The version of this package, and all versions and devices that a result depends on. Without JAX until it is asked."""

__version__ = "0.1.0"


def versions() -> dict[str, str]:
    """The versions and the device that a result depends on."""
    import platform

    import jax
    import jaxlib
    import numpy as np

    return {
        "jaxcollapse": __version__,
        "jax": jax.__version__,
        "jaxlib": jaxlib.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "device": jax.devices()[0].device_kind,
    }
