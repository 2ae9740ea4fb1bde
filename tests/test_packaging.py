"""One version and one list of what is needed, wherever they are written."""

import re
import tomllib
from pathlib import Path

import yaml

import jaxcollapse as jc

TOP = Path(__file__).parent.parent
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RECIPE = yaml.safe_load((TOP / ".conda" / "recipe.yaml").read_text(encoding="utf-8"))


def test_there_is_one_version():
    cited = yaml.safe_load((TOP / "CITATION.cff").read_text(encoding="utf-8"))["version"]
    assert jc.__version__ == PROJECT["version"] == RECIPE["context"]["version"] == str(cited)
    assert f"## {PROJECT['version']}" in (TOP / "CHANGELOG.md").read_text(encoding="utf-8")


def test_conda_installs_what_pip_installs():
    needed = {re.sub(r"^matplotlib\b", "matplotlib-base", line) for line in PROJECT["dependencies"]}
    named = {line.replace(" ", "", 1) for line in RECIPE["requirements"]["run"]}
    assert named == needed | {f"python{PROJECT['requires-python']}"}
    assert RECIPE["build"]["python"]["entry_points"] == [f"{k} = {v}" for k, v in PROJECT["scripts"].items()]


def test_a_release_is_checked_built_and_attested_before_it_is_published():
    jobs = yaml.safe_load((TOP / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))["jobs"]
    assert [(name, job.get("needs")) for name, job in jobs.items()] == [
        ("check", None),
        ("build", "check"),
        ("publish", "build"),
    ]
    assert ".ci/run" in [step.get("run") for step in jobs["check"]["steps"]]
