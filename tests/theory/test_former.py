"""Names that have moved: every old one works, warns and gives the same numbers; every new one is on a face."""

import ast
import importlib
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.theory import Spectrum, counterexamples, discrete, gaussian, mean, regression
from jaxcollapse.theory.former import FORMER

pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning")
FACES = (counterexamples, discrete, gaussian, mean, regression)
SPECTRUM = Spectrum.isotropic(4)
RIDGE = dict(samples=9.0, noise=0.5, penalty=0.1)


@pytest.mark.parametrize("module", FORMER)
def test_every_old_name_is_the_new_one(module):
    for name, new in FORMER[module].items():
        folder, current = new.split(".")
        with pytest.warns(DeprecationWarning, match=rf"theory\.{module}\.{name} is now jaxcollapse\.theory\.{new};"):
            old = getattr(getattr(jc.theory, module), name)
        assert old is getattr(getattr(jc.theory, folder), current)


def test_old_modules_can_be_imported():
    from jaxcollapse.theory import mixing, temperature

    with pytest.warns(DeprecationWarning, match="is now jaxcollapse.theory.mean.mean_mix_limit"):
        old = mixing.risk_limit
    with pytest.warns(DeprecationWarning, match=r"mean_mix_limit\(weight=...\) is now"):
        assert old(weight=0.5, ratio=1.0) == mean.mean_mix_limit(real_weight=0.5, ratio=1.0)
    with pytest.raises(AttributeError, match="theory.temperature' has no attribute 'nothing'"):
        temperature.nothing  # noqa: B018
    for wrong in (lambda: jc.theory.nothing, lambda: jc.theory.regression.nothing, lambda: jc.theory.discrete.nothing):
        with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
            wrong()
    with pytest.raises(AttributeError, match="did you mean 'regression.ols_replace'"):
        jc.theory.ols_replace  # noqa: B018
    with pytest.raises(AttributeError, match="did you mean 'ridge_accumulate_"):
        jc.theory.regression.ridge_accumulate  # noqa: B018


_GENERATORS = dict(generators=2, generator_samples=20.0, generator_noise=0.3)
_FAKES = dict(fakes=2, fake_samples=20.0, fake_noise=0.3)
_LABELS = dict(samples=3.0, noise=1.0, generations=3)
_SHIFTED = dict(**RIDGE, shift=jnp.ones(4), fraction=0.3)
_LOOP = dict(probabilities=[0.6, 0.4], temperature=0.5, generations=3)
_PRUNED = dict(spectrum=SPECTRUM, penalty=0.1, error_rate=0.3)
_CHAIN = dict(samples=jnp.array([9.0, 8.0]), noise=0.5, penalty=0.1)
_ROWS = dict(dim=4, real_samples=9.0, noise=1.0, generations=2)
_CURATED = dict(probabilities=[0.5, 0.5], rewards=[1.0, 0.0], candidates=2, generations=3)
_MANY = dict(replications=10, samples=10, generations=2)


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("function", "former", "now"),
    [
        (mean.mean_mix, dict(weight=0.5), dict(real_weight=0.5, ratio=1.0, generations=3)),
        (mean.mean_mix_limit, dict(weight=0.5), dict(real_weight=0.5, ratio=1.0)),
        (regression.minimum_norm_mixed_labels, dict(weight=0.5), dict(spectrum=SPECTRUM, real_weight=0.5, **_LABELS)),
        (regression.minimum_norm_mixed_labels_fresh, dict(weight=0.5), dict(dim=9, real_weight=0.5, **_LABELS)),
        (regression.ridge_mixed_labels_limit, dict(weight=0.5), dict(spectrum=SPECTRUM, real_weight=0.5, **RIDGE)),
        (regression.ols_mix_contraction, dict(synthetic_samples=9.0), dict(dim=4, samples=9.0, real_samples=8.0)),
        (regression.ols_mix, dict(synthetic_samples=9.0), dict(samples=9.0, **_ROWS)),
        (regression.pruned_accuracy, dict(synthetic_samples=50), dict(samples=50, **_PRUNED)),
        (regression.pruned_accuracy_limit, dict(real_share=0.1), dict(ratio=0.1, **_PRUNED)),
        (regression.pruned_threshold, dict(real_share=0.1), dict(ratio=0.1, keep_right=0.8, keep_wrong=0.4)),
        (regression.ridge_downstream, _FAKES, dict(spectrum=SPECTRUM, design="fixed", **RIDGE, **_GENERATORS)),
        (regression.ridge_downstream, None, dict(spectrum=SPECTRUM, design="fresh", **RIDGE, **_GENERATORS)),
        (
            regression.ridge_downstream_terms,
            dict(fake_samples=20.0),
            dict(spectrum=SPECTRUM, generator_samples=20.0, **RIDGE),
        ),
        (regression.adaptive_penalty, _FAKES, dict(spectrum=SPECTRUM, samples=9.0, noise=0.5, **_GENERATORS)),
        (regression.ridge_downstream_shrunk, _FAKES, dict(dim=4, samples=9.0, noise=0.5, **_GENERATORS)),
        (
            regression.adaptive_exponent,
            dict(fake_exponent=0.5),
            dict(capacity=2.0, source=0.3, generator_exponent=0.5, label_noise=False),
        ),
        (
            regression.ridge_strong_collapse_terms,
            dict(fake_noise=0.3),
            dict(spectrum=SPECTRUM, generator_noise=0.3, **_SHIFTED),
        ),
        (
            regression.projected_strong_collapse_terms,
            dict(fake_noise=0.3),
            dict(spectrum=SPECTRUM, generator_noise=0.3, width=5, **_SHIFTED),
        ),
        (
            regression.ridge_mix,
            dict(weight=0.5, fake_noise=0.3),
            dict(spectrum=SPECTRUM, real_samples=9, real_weight=0.5, generator_noise=0.3, generations=2, **RIDGE),
        ),
        (regression.ridge_mix, None, dict(spectrum=SPECTRUM, real_samples=9, generations=2, **_CHAIN)),
        (regression.ridge_replace, None, dict(spectrum=SPECTRUM, generations=2, **_CHAIN)),
        pytest.param(
            regression.ridge_replace_optimal_schedule,
            None,
            dict(spectrum=SPECTRUM, samples=[9.0, 8.0], noise=0.5, steps=2, generations=2),
            marks=pytest.mark.slow,
        ),
        (
            regression.ridge_accumulate_given_design,
            dict(design=SPECTRUM),
            dict(spectrum=SPECTRUM, generations=3, **RIDGE),
        ),
        (discrete.curated_mix, dict(share=0.3), dict(real_share=0.3, **_CURATED)),
        (discrete.curated_mix_divergence, dict(share=0.8), dict(real_share=0.8, candidates=2)),
        (discrete.temperature_mix, dict(share=0.3), dict(real_share=0.3, **_LOOP)),
        (
            gaussian.variance_mix_tempered,
            dict(share=0.3),
            dict(real_share=0.3, temperature=0.5, generations=3),
        ),
        (gaussian.first_passage, dict(level=0.1), dict(threshold=0.1, samples=10, ddof=1)),
        (gaussian.first_passage_cdf, dict(level=0.1), dict(generation=5, threshold=0.1, samples=10, ddof=1)),
        (gaussian.deviation_bound, dict(level=0.1), dict(threshold=0.1, samples=10, generations=3)),
        (gaussian.variance_cdf, None, dict(x=0.5, samples=10, generations=2, ddof=1)),
        (gaussian.variance_sf, None, dict(x=0.5, samples=10, generations=2, ddof=1)),
        (gaussian.variance_quantile, None, dict(p=0.5, samples=10, generations=2, ddof=1)),
        (gaussian.variance_maximum_quantile, None, dict(p=0.5, ddof=1, **_MANY)),
        (gaussian.variance_accumulate_mean, None, dict(samples=10, generations=2, ddof=0)),
    ],
)
def test_old_arguments(function, former, now):
    """Old names of arguments; for None, what had a default."""
    if former is None:
        dropped = dict(now)
        required = next(name for name in ("ddof", "design", "generations") if name in dropped)
        value = dropped.pop(required)
        words = rf"{function.__name__} has no default for {required}: write .*{required}={value!r}\)"
    else:
        new = {"design": "spectrum", "real_share": "ratio", "synthetic_samples": "samples", "level": "threshold"}
        new |= {"weight": "real_weight", "share": "real_share", "fakes": "generators"}
        renamed = {name: new.get(name, name.replace("fake_", "generator_")) for name in former}
        dropped = {name: value for name, value in now.items() if name not in renamed.values()} | former
        words = rf"{function.__name__}\(\w+=...\) is now {function.__name__}\(({'|'.join(renamed.values())})=...\)"
    with pytest.warns(DeprecationWarning, match=words) as caught:
        before = function(**dropped)
    assert len(caught) == (1 if former is None else len(former))
    for one, other in zip(np.atleast_1d(before), np.atleast_1d(function(**now)), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("call", "now"),
    [
        (lambda: mean.mean_replace_variance([2.0, 4.0]), lambda: mean.mean_replace_variance(samples=[2.0, 4.0])),
        (
            lambda: mean.mean_replace_bias([2.0, 4.0], coefficient=1.0, order=0.5),
            lambda: mean.mean_replace_bias(samples=[2.0, 4.0], coefficient=1.0, order=0.5),
        ),
        (
            lambda: mean.mean_replace_squared_error([2.0, 4.0], coefficient=1.0, order=0.5),
            lambda: mean.mean_replace_squared_error(samples=[2.0, 4.0], coefficient=1.0, order=0.5),
        ),
        (lambda: mean.mean_replace_required_growth(0.5), lambda: mean.mean_replace_required_growth(order=0.5)),
        (lambda: mean.mean_replace_drift_ratio([2.0, 4.0]), lambda: mean.mean_replace_drift_ratio(samples=[2.0, 4.0])),
        (lambda: mean.mean_replace_drift_ratio_limit(1.0), lambda: mean.mean_replace_drift_ratio_limit(growth=1.0)),
        (lambda: mean.mean_mix_optimal_weight(0.1), lambda: mean.mean_mix_optimal_weight(ratio=0.1)),
        (lambda: mean.mean_mix_pooling_weight(0.1), lambda: mean.mean_mix_pooling_weight(ratio=0.1)),
        (lambda: discrete.temper([0.8, 0.2], 0.5), lambda: discrete.temper([0.8, 0.2], temperature=0.5)),
    ],
)
def test_arguments_that_had_no_name(call, now):
    with pytest.warns(DeprecationWarning, match="takes its argument by name") as caught:
        before = call()
    assert len(caught) == 1
    np.testing.assert_array_equal(before, now())


def test_too_many_arguments_are_refused():
    with pytest.raises(TypeError), pytest.warns(DeprecationWarning, match="by name"):
        discrete.temper([0.8, 0.2], 0.5, 0.5)


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.__name__)
def test_a_face_passes_on_all_that_has_an_example(face):
    """A function with an example is for users; one without serves other files."""
    for file in Path(face.__file__).parent.glob("*.py"):
        module = importlib.import_module(f"{face.__name__}.{file.stem}") if file.stem != "__init__" else None
        for node in ast.parse(file.read_text(encoding="utf-8")).body if module else ():
            public = isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")
            if public and (isinstance(node, ast.ClassDef) or ">>>" in (ast.get_docstring(node) or "")):
                assert getattr(face, node.name) is getattr(module, node.name)
