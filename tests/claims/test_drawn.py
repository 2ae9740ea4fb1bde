"""Random settings: what is printed is what was drawn, each is met, and one whose theory is moved is not."""

import dataclasses

import jax
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.chain.predict import closed_forms
from jaxcollapse.claims import drawn
from protocols import GENERATIONS, MODELS, WORKFLOWS


@pytest.mark.sampled(1)
@pytest.mark.parametrize("index", [0, 6, 13])
def test_the_call_that_is_printed_reproduces_it(index, x64):
    setting = drawn.drawn(1, index)
    prediction = eval(str(setting), {"jc": jc})
    assert all(prediction.forms[name].name == form.name for name, form in setting.forms.items())
    theory = jc.claims.get(f"drawn-1-{index}").prediction()
    assert np.isfinite(theory).all() and theory.shape == drawn.claim(1, index).prediction().shape
    first = next(iter(drawn._curves(1, index)))
    np.testing.assert_allclose(np.asarray(prediction.metrics[first]), drawn._curves(1, index)[first], rtol=1e-12)


def test_seeds_and_numbers_draw_other_settings():
    names = [str(drawn.drawn(seed, index)) for seed, index in ((0, 0), (0, 4), (1, 0))]
    assert len(set(names)) == 3 and str(drawn.drawn(0, 0)) == names[0]


def test_a_prediction_is_met_and_a_moved_one_is_not():
    claim = drawn.claim(0, 8)  # a Gaussian on weighted batches
    assert jc.verify(claim, precision="quick", level=1e-6, progress=False).outcome == "holds", claim.protocol
    moved = dataclasses.replace(claim, theory=1.05 * claim.prediction())
    assert jc.verify(moved, precision="quick", level=1e-6, progress=False).outcome == "fails"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_pair_with_an_exact_prediction_is_drawn():
    """The table of families and workflows has all that the models themselves say are exact."""
    pairs = set()
    for family in drawn.FAMILIES:
        for flow in family.flows:
            dice = drawn.Dice(0, 0, GENERATIONS)
            model = family.draw(dice, family.fewest, False).function
            pairs |= {(model.__name__, flow(dice, 10).function.__name__)}
    for row in MODELS:
        for flow in WORKFLOWS:
            model, workflow = row.exact(), flow.make(GENERATIONS)
            model = row.raw() if workflow.needs_rows and row.raw is not None else model
            try:
                forms = jax.eval_shape(
                    lambda m=model, w=workflow: closed_forms(m, w, samples=row.samples, generations=GENERATIONS)  # noqa: B023
                )
            except (TypeError, ValueError):
                continue
            without_bias = ("unbiased", "symmetric about the truth")
            exact = [form for form in forms.values() if form.exactness == "exact" and form.name not in without_bias]
            pair = type(model).__name__, type(workflow).__name__
            assert not exact or pair in pairs or pair[0] == "ExpectedRidge", pair
