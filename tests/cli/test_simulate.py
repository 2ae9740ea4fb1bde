"""`jaxcollapse simulate`: what it computes, what it writes, what it refuses."""

import csv
import json
import re
import shlex
from pathlib import Path

import jax
import numpy as np
import pytest
from PIL import Image

import jaxcollapse as jc
from jaxcollapse.cli import _build, _chain, simulate
from jaxcollapse.cli._values import Formula, read
from jaxcollapse.machine.precision import enable_x64
from stand_ins import strict, words

WALK = ("simulate", "NormalMean", "Accumulate", "--metric", "squared_error", "--samples", "10", "--replications", "300")
TOML = """
samples = "10*g**1.5"
generations = 3
replications = 200
metric = "squared_error"
seed = 5
[model]
name = "NormalMean"
variance = 4.0
[workflow]
name = "Mix"
real = "fresh"
weight = "1/g"
"""


def by_hand(model, workflow, metric, seed=0, replications=200, **sizes):
    """The same through the library, in double precision."""
    with enable_x64(True):
        run = lambda key: jc.simulate(model(), workflow(), key=key, **sizes).metrics[metric]  # noqa: E731
        return jc.monte_carlo(run, jax.random.key(seed), replications, progress=False)


def rows(text):
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def test_no_class_is_offered_that_leaves_a_part_to_others():
    offered = {**_build.models(), **_build.workflows()}
    assert offered and not [name for name, kind in offered.items() if getattr(kind, "__abstractvars__", None)]


def test_the_curve_of_the_readme(command_line):
    """Accumulated batches that grow: the risk of least squares is n_i/N_i d/(N_i - d - 1), summed."""
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^jaxcollapse (simulate .*)$", readme, re.MULTILINE)
    result = command_line(*shlex.split(line))
    found = rows(result.stdout)
    sizes = 50.0 * np.arange(1, 11)
    pool = np.cumsum(sizes)
    theory = np.cumsum(20 * sizes / (pool * (pool - 21)))
    mean, stderr = (np.array([float(row[name]) for row in found]) for name in ("mean", "stderr"))
    assert (np.abs(mean - theory) < 5 * stderr).all() and (stderr < 0.01 * theory).all()


def test_lines_are_those_of_the_library(command_line):
    result = command_line(*WALK, "--generations", "4", "--seed", "3")
    assert result.exit_code == 0 and "\x1b" not in result.stdout
    found = rows(result.stdout)
    estimate = by_hand(
        jc.NormalMean, jc.Accumulate, "squared_error", seed=3, replications=300, samples=10, generations=4
    )
    assert [int(row["generation"]) for row in found] == [1, 2, 3, 4]
    np.testing.assert_array_equal([float(row["mean"]) for row in found], estimate.mean)
    np.testing.assert_array_equal([float(row["stderr"]) for row in found], estimate.stderr)
    np.testing.assert_array_equal([float(row["upper"]) for row in found], estimate.interval()[1])


def test_a_file_and_what_overrides_it(command_line, tmp_path):
    (tmp_path / "curve.toml").write_text(TOML)
    found = rows(command_line("simulate", "curve.toml").stdout)
    sizes = {"samples": lambda g: 10.0 * g**1.5, "generations": 3}
    model, mix = lambda: jc.NormalMean(variance=4.0), lambda: jc.Mix("fresh", weight=lambda g: 1.0 / g)
    estimate = by_hand(model, mix, "squared_error", seed=5, **sizes)
    np.testing.assert_array_equal([float(row["mean"]) for row in found], estimate.mean)
    flags = ("--seed", "6", "--set", "variance=1", "--workflow-set", "weight=0.5", "--samples", "20,30")
    found = rows(command_line("simulate", "curve.toml", *flags, "--generations", "2").stdout)
    model, mix = lambda: jc.NormalMean(), lambda: jc.Mix("fresh", weight=0.5)
    estimate = by_hand(model, mix, "squared_error", seed=6, samples=[20, 30], generations=2)
    np.testing.assert_array_equal([float(row["mean"]) for row in found], estimate.mean)


def test_every_file_says_how_it_was_made(command_line, tmp_path):
    import xarray

    (tmp_path / "curve.toml").write_text(TOML)
    for suffix in ("csv", "json", "nc", "png", "pdf", "svg"):
        result = command_line("simulate", "curve.toml", "--out", f"curve.{suffix}")
        assert result.exit_code == 0 and result.stdout == f"Written: curve.{suffix}\n"
    facts = strict((tmp_path / "curve.json").read_text())
    settings, versions = facts["settings"], facts["versions"]
    assert settings == {
        "model": {"name": "NormalMean", "variance": 4.0},
        "workflow": {"name": "Mix", "real": "fresh", "weight": "1/g"},
        "samples": "10*g**1.5", "generations": 3, "replications": 200, "metric": "squared_error", "seed": 5,
    }  # fmt: skip
    assert versions["jaxcollapse"] == jc.__version__ and versions["jax"] == jax.__version__
    text = (tmp_path / "curve.csv").read_text()
    heads = dict(line[2:].split(": ", 1) for line in text.splitlines() if line.startswith("#"))
    assert json.loads(heads["settings"]) == settings and json.loads(heads["versions"]) == versions
    assert [float(row["mean"]) for row in rows(text)] == facts["mean"]
    table = xarray.load_dataset(tmp_path / "curve.nc")
    assert json.loads(table.attrs["settings"]) == settings and json.loads(table.attrs["versions"]) == versions
    assert table["mean"].values.tolist() == facts["mean"] and table["generation"].values.tolist() == [1, 2, 3]
    picture = Image.open(tmp_path / "curve.png")
    assert json.loads(picture.info["Description"]) == {"settings": settings, "versions": versions}
    assert (tmp_path / "curve.pdf").read_bytes().startswith(b"%PDF")
    assert "<dc:description>" in (tmp_path / "curve.svg").read_text()


def test_the_theory_is_a_column_a_line_and_a_citation(command_line, tmp_path):
    import xarray

    arguments = (*WALK, "--generations", "3", "--theory")
    theory = [0.1, 0.125, 0.1 * 49 / 36]
    np.testing.assert_allclose([float(row["theory"]) for row in rows(command_line(*arguments).stdout)], theory)
    for suffix in ("json", "nc", "png"):
        assert command_line(*arguments, "--out", f"curve.{suffix}").exit_code == 0
    facts = strict((tmp_path / "curve.json").read_text())
    np.testing.assert_allclose(facts["theory"], theory)
    assert facts["formula"]["name"] == "theory.mean.inflation" and facts["formula"]["exactness"] == "exact"
    assert "2410.22812" in facts["formula"]["bibtex"]
    np.testing.assert_allclose(xarray.load_dataset(tmp_path / "curve.nc")["theory"], theory)
    assert "formula" in json.loads(Image.open(tmp_path / "curve.png").info["Description"])


def test_a_theory_that_is_not_known_is_said_to_be(command_line):
    flags = "--set sampling=raw --set ddof=1 --metric variance --samples 9 --generations 2 --replications 50"
    result = command_line("simulate", "Gaussian", "AccumulateSubsample", *flags.split(), "--theory")
    assert result.exit_code == 0 and "theory" not in result.stdout
    assert "Of variance none is known: rows are picked; nearest: " in words(result.stderr)


def test_the_title_names_the_settings():
    model = {"name": "MixedLabels", "regression": {"dim": 3, "noise": Formula("1/g")}, "weight": 0.5}
    settings = {"model": model, "workflow": {"name": "Replace"}, "samples": [10, 20]}
    expected = "MixedLabels(regression=(dim=3, noise=1/g), weight=0.5), Replace, samples [10, 20]"
    assert _chain.title(settings) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Gausian", "Replace"], "Invalid value for MODEL: there is no model called 'Gausian'; did you mean Gaussian?"),
        (["Biased", "Replace"], "Biased needs a function (bias)"),
        (["Gaussian"], f"Invalid value for WORKFLOW: say which of {', '.join(_build.workflows())}"),
        (["Gaussian", "Replce"], "Invalid value for WORKFLOW: there is no workflow called 'Replce'; did you mean Repl"),
        (["Gaussian", "Replace"], "Invalid value for --samples: say how many rows"),
        (["Gaussian", "Replace", "--samples", "9"], "Invalid value for --set ddof=: Gaussian needs ddof"),
        (
            ["Gaussian", "Replace", "--samples", "9", "--set", "ddof=2"],
            "--set ddof=: Gaussian: ddof must be 0 or 1, got 2",
        ),
        (
            ["Gaussian", "Replace", "--samples", "9", "--set", "ddof=1", "--set", "variance=-1"],
            "--set variance=: Gauss",
        ),
        (["Gaussian", "Replace", "--samples", "9", "--set", "ddog=1"], "called 'ddog'; did you mean ddof?"),
        (["Gaussian", "Replace", "--samples", "9", "--set", "ddof"], "--set: must look like NAME=VALUE, got 'ddof'"),
        (["Gaussian", "Replace", "--samples", "9", "--set", "ddof=1"], "--metric: say which metric of Gaussian: log_"),
        (["Gaussian", "Window", "--samples", "9", "--set", "ddof=1"], "--workflow-set batches=: Window needs batches"),
        (
            ["Gaussian", "Replace", "--samples", "9", "--set", "ddof=1", "--metric", "varance"],
            "Invalid value for --metric: there is no metric of Gaussian called 'varance'; did you mean variance",
        ),
        (
            ["NormalMean", "Replace", "--samples", "g-3", "--metric", "estimate"],
            "--samples: samples must be finite and",
        ),
        (["NormalMean", "Replace", "--samples", "1,2", "--generations", "3"], "for each of the 3 generations"),
        (
            ["NormalMean", "Replace", "--samples", "9", "--generations", "0"],
            "--generations: generations must be an int",
        ),
        (["NormalMean", "Replace", "--samples", "9", "--replications", "1"], "--replications: replications must be an"),
        (["NormalMean", "Replace", "--samples", "9", "--seed", "-1"], "--seed: seed must be an integer from 0"),
        (["NormalMean", "Replace", "--samples", "9", "--out", "x.gif"], "--out: the name of the file must end in .csv"),
        (["NormalMean", "Replace", "--samples", "9", "--out", "no/x.csv"], "--out: there is no directory"),
        (
            ["LinearRegression", "Replace", "--samples", "9", "--set", "noise=1"],
            "--set dim=: LinearRegression needs dim",
        ),
        (
            [
                "LinearRegression",
                "Replace",
                "--samples",
                "9",
                "--set",
                "noise=1",
                "--set",
                "dim=2",
                "--set",
                "source=1",
            ],
            "--set capacity=: a power-law spectrum needs capacity next to source",
        ),
        (
            ["LinearRegression", "AccumulateSubsample", "--samples", "9", "--set", "noise=1", "--set", "dim=2"],
            "give the model --set sampling=raw",
        ),
        (["Mutual", "Replace", "--samples", "9", "--set", "model=Gaussian"], "model is a model: write its settings as"),
        (["no.toml"], "Invalid value for MODEL: cannot read no.toml"),
        (["bad.toml"], "Invalid value for bad.toml: there is no key called 'sampels'; did you mean samples?"),
    ],
)
def test_wrong_usage_names_the_flag_and_what_is_allowed(command_line, tmp_path, arguments, message):
    (tmp_path / "bad.toml").write_text('model = "Gaussian"\nsampels = 3\n')
    result = command_line("simulate", *arguments)
    assert result.exit_code == 2 and result.stdout == ""
    assert message in words(result.stderr)


@pytest.mark.parametrize(
    "text",
    ["__import__('os').getcwd()", "g.real", "(lambda: 1)()", "[g]", "h*2", "g if g else 1", "10^g", "1/0", "9**9999.0",
     "(" * 300 + "g" + ")" * 300, "1" * 2000 + "*g", "(0-g)**0.5", "'a'*g", "True*g"],
)  # fmt: skip
def test_a_formula_is_arithmetic_and_nothing_else(text):
    with pytest.raises(ValueError, match="arithmetic in the generation g|not a real number"):
        read(text, words=False)


def test_values_are_numbers_lists_formulas_and_words():
    assert [read(text, words=True) for text in ("3", "1e3", "fresh", "true", "1,2", "[1, 2]", "2*50")] == [
        3, 1000.0, "fresh", True, [1, 2], [1, 2], 100.0
    ]  # fmt: skip
    formula = read("-(g + 1)**2 % 7 / 2", words=True)
    assert isinstance(formula, Formula) and [formula(g) for g in (1.0, 4.0)] == [
        -((g + 1) ** 2) % 7 / 2 for g in (1.0, 4.0)
    ]


def test_spectra_and_models_inside_models():
    make = lambda name, **given: _build.make(name, given, _build.models(), "--set")  # noqa: E731
    power = make("LinearRegression", dim=3, capacity=2.0, source=0.5, noise=0.1).spectrum
    assert np.allclose(power.eigenvalues, [1, 1 / 4, 1 / 9])
    assert np.allclose(make("LinearRegression", spectrum=[2, 1], noise=0.1).spectrum.eigenvalues, [2, 1])
    assert np.isclose(np.sum(make("LinearRegression", dim=3, norm=2.0, noise=0.1).spectrum.signal ** 2), 4)
    mixed = make("MixedLabels", regression={"dim": 4, "noise": 1.0}, weight=0.5)
    assert isinstance(mixed, jc.MixedLabels) and mixed.regression.spectrum.dim == 4
    mutual = make("Mutual", model={"name": "NormalMean"}, models=3, private_weight=0.5)
    assert isinstance(mutual.model, jc.NormalMean)


def test_all_models_and_workflows_are_listed(command_line):
    text = command_line("simulate").stdout
    public = {name: getattr(jc, name) for name in dir(jc) if isinstance(getattr(jc, name), type)}
    workflows = {name for name, kind in public.items() if issubclass(kind, jc.Workflow)} - {"Workflow"}
    assert "Replace" in workflows and set(_build.workflows()) == workflows
    models = {name for name, kind in public.items() if issubclass(kind, jc.Model)}
    assert "Gaussian" in _build.models() and set(_build.models()) < models
    for name in (*_build.models(), *_build.workflows()):
        assert f"\n  {name}: " in text
    assert max(map(len, text.splitlines())) < 80 and "Biased" not in text


def test_a_standard_error_that_means_nothing_is_named(command_line):
    result = command_line(*WALK[:-1], "2", "--generations", "4")
    assert result.exit_code == 0 and "Do not trust the standard error of generation 1, 2, 3, 4" in result.stderr
    assert "(fewer than 8 replications do not show how far they spread)." in result.stderr


def test_netcdf_without_xarray(command_line, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = command_line(*WALK, "--out", "x.nc")
    assert result.exit_code == 2 and 'pip install "jaxcollapse[tables]"' in words(result.stderr)


def test_ctrl_c(command_line, monkeypatch, tmp_path):
    def interrupt(wanted):
        raise KeyboardInterrupt

    monkeypatch.setattr(simulate, "_run", interrupt)
    result = command_line(*WALK, "--out", "x.csv")
    assert result.exit_code == 130 and "Interrupted." in result.stderr and not (tmp_path / "x.csv").exists()
