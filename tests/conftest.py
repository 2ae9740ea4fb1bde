"""Fixtures that the tests of several rooms share."""

import logging
import os

os.environ.setdefault("MPLBACKEND", "Agg")

import jax
import pytest
from jaxtyping import config
from typer.testing import CliRunner

from jaxcollapse.machine.precision import enable_x64
from jaxcollapse.verification.decision import verify
from stand_ins import make_claims, make_undecided, make_wrong


@pytest.fixture(scope="session")
def verification():
    """The verdicts of all stand-ins."""
    return verify([*make_claims(), make_wrong(), make_undecided()], jax.random.key(0), progress=False)


@pytest.fixture(scope="session")
def by_name(verification):
    """The same verdicts by the name of their claim."""
    return {verdict.claim.name: verdict for verdict in verification}


@pytest.fixture
def x64():
    """Double precision for one test."""
    with enable_x64(True):
        yield


@pytest.fixture
def unchecked():
    """Wrong arguments meet the package's own checks, as they do outside of the tests, not those of its signatures."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


class Compilations(logging.Handler):
    """Counts how often XLA compiles the block of a run."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def emit(self, record):
        message = record.getMessage()
        self.count += "Finished XLA compilation" in message and "tiles_block" in message


@pytest.fixture
def compilations():
    handler = Compilations()
    logger = logging.getLogger("jax")
    logger.addHandler(handler)
    before = jax.config.jax_log_compiles
    jax.config.update("jax_log_compiles", True)  # in every thread
    yield handler
    jax.config.update("jax_log_compiles", before)
    logger.removeHandler(handler)


@pytest.fixture
def command_line(tmp_path, monkeypatch):
    """The command line in an empty directory, without a compilation cache."""
    from jaxcollapse.cli import _cache
    from jaxcollapse.cli.app import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_cache, "keep_compilations", lambda: None)

    def call(*arguments):
        result = CliRunner().invoke(app, arguments, catch_exceptions=True)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture
def no_figures_left():
    """For tests of pictures: the global settings stay as they are, and no figure is left."""
    import matplotlib
    import matplotlib.pyplot as plt

    before = dict(matplotlib.rcParams)
    yield
    assert dict(matplotlib.rcParams) == before
    plt.close("all")
