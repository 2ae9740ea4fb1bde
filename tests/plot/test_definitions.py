"""The table of definitions: a cell for each run and definition, with its answer."""

import jax
import jax.numpy as jnp
import pytest

import jaxcollapse as jc
from jaxcollapse import plot

pytestmark = pytest.mark.usefixtures("no_figures_left")


def test_cells_say_what_the_reports_say():
    run = lambda key: {"risk": jnp.arange(1.0, 9.0) + 0.1 * jax.random.normal(key, (8,))}  # noqa: E731
    report = jc.definitions.report(jc.monte_carlo(run, jax.random.key(0), 64), null=100.0)
    ax = plot.definitions({"one": report, "other": report})
    texts = [text.get_text() for text in ax.texts]
    assert texts[:8] == ["not met\n0.08", "met\n8", "met\n2", *["–"] * 5] == texts[8:]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["one", "other"]
    assert ax.get_yticklabels()[4].get_text() == "5 changed scaling law" and len(ax.patches) == 6


@pytest.mark.parametrize(("reports", "named"), [({}, "must not be empty"), ([], "must be a dictionary")])
def test_what_is_no_table(reports, named):
    with pytest.raises((TypeError, ValueError), match=named):
        plot.definitions(reports)
