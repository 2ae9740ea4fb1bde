"""The report of a verification: one HTML file with everything in it, the same facts as Markdown, and JSON for machines.

The HTML file loads nothing: its pictures are inline SVG, its formulas MathML with a font that it brings, without which
some browsers draw no root. The two page templates are in the folder `templates` beside this file.
"""

import base64
import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np
from markupsafe import Markup

from jaxcollapse import plot
from jaxcollapse.arguments.json import for_json
from jaxcollapse.machine.files import replacing
from jaxcollapse.report import typeset
from jaxcollapse.report.picture import svg
from jaxcollapse.verification.claim import facts

if TYPE_CHECKING:
    from jaxcollapse.verification.claim import Claim
    from jaxcollapse.verification.verdict import Verdict, Verification

_FONT = Path(__file__).parent / "fonts" / "maths.woff"
_MOST_ROWS = 40
_UNFINISHED = "report.unfinished.json"
_ESCAPED = "backslashreplace"  # half of a letter, which no file may hold, is written as JSON has it
_OUTCOMES = {"holds": ("holds", "hold"), "fails": ("fails", "fail"), "undecided": ("is undecided", "are undecided")}


def write(verification: "Verification", directory: str | Path, *, note: str = "") -> Path:
    """Write ``report.html``, ``report.md`` and ``report.json``.

    **Arguments**

    - `verification`: the verdicts of `jaxcollapse.verify` for several claims.
    - `directory`: where the files go; made if it does not exist. Files of these names are replaced.
    - `note`: a sentence for the head of the report.

    **Returns** the path of the HTML file.

    ```python
    >>> import jax, tempfile, jaxcollapse as jc
    >>> claim = jc.Claim(name="uniform-mean", statement="A uniform variate has mean 1/2", relation="equal",
    ...                  theory=0.5, experiment=jax.random.uniform)
    >>> jc.report.write(jc.verify([claim]), tempfile.mkdtemp()).name
    'report.html'

    ```
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    facts = as_dict(verification, note=note)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("jaxcollapse.report"),
        autoescape=jinja2.select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["cell"] = lambda text: str(text).replace("|", "\\|").replace("\n", " ")
    entries = [_entry(verdict) for verdict in verification]
    page = {
        "facts": facts,
        "entries": entries,
        "summary": summary(verification),
        "note": note,
        "maths": base64.b64encode(_FONT.read_bytes()).decode(),
        "symbols": plot.SYMBOLS,
        "duration": duration(verification.seconds),
        "papers": list({v.claim.reference.key: v.claim.reference for v in verification if v.claim.reference}.values()),
    }
    pictures = [Markup(svg(v, f"picture-{v.claim.name}")) for v in verification]
    html = environment.get_template("report.html").render(page, pictures=pictures)
    texts = {
        "report.html": html,
        "report.md": environment.get_template("report.md").render(page),
        "report.json": json.dumps(facts, indent=1, ensure_ascii=False, allow_nan=False) + "\n",
    }
    with contextlib.ExitStack() as finished:  # all three are written before the first takes its name
        for name, text in texts.items():
            finished.enter_context(replacing(directory / name)).write_text(text, "utf-8", _ESCAPED)
    (directory / _UNFINISHED).unlink(missing_ok=True)
    return directory / "report.html"


def keep(verification: "Verification", directory: str | Path) -> Path:
    """Write what is decided so far as ``report.unfinished.json``; `write` removes it.

    **Returns** its path.
    """
    path = Path(directory) / _UNFINISHED
    text = json.dumps(as_dict(verification, note="Unfinished."), indent=1, ensure_ascii=False, allow_nan=False)
    with replacing(path) as new:
        new.write_text(text + "\n", "utf-8", _ESCAPED)
    return path


def as_dict(verification: "Verification", *, note: str = "") -> dict[str, Any]:
    """Everything in the report as what `json` can write: NaN is None, an infinity ``"Infinity"`` or ``"-Infinity"``."""
    return {
        "format": "jaxcollapse-report-1",
        "note": note,
        "seed": verification.seed,
        "precision": verification.precision,
        "level": verification.level,
        "seconds": round(verification.seconds, 3),
        "versions": dict(verification.versions),
        "counts": {outcome: sum(v.outcome == outcome for v in verification) for outcome in plot.SYMBOLS},
        "claims": [_claim_dict(verdict) for verdict in verification],
    }


def summary(verification: "Verification") -> str:
    """The result and its false-alarm rate in two sentences."""
    counts = [(outcome, sum(v.outcome == outcome for v in verification)) for outcome in plot.SYMBOLS]
    total = len(verification)
    if total and counts[0][1] == total:
        result = "The claim holds." if total == 1 else f"All {total} claims hold."
    else:
        parts = [f"{count} {_OUTCOMES[outcome][count != 1]}" for outcome, count in counts if count]
        result = f"Of {total} claims " + (
            " and ".join([", ".join(parts[:-1]), parts[-1]]) if parts[1:] else "".join(parts)
        )
        result += "."
    odds = 1 / verification.level
    chance = f"1 in {odds:,.0f}" if odds >= 2 else f"{verification.level:g}"
    return f"{result} If every claim were true, the chance that this run rejects any of them would be at most {chance}."


def duration(seconds: float) -> str:
    """A time for people: ``"0.4 s"``, ``"12 s"``, ``"3 min 5 s"``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def _entry(verdict: "Verdict") -> dict[str, Any]:
    """The words of one claim, as both templates use them."""
    return {
        "verdict": verdict,
        "claim": verdict.claim,
        "reference": verdict.claim.reference,
        "relation": verdict.relation.describe(),
        "formula": Markup(typeset.html(verdict.claim.formula)),
        "notices": plot.notices(verdict),
        "gap": verdict.gap() if verdict.outcome == "fails" else "",
        "unseen": _unseen(verdict),
        "duration": duration(verdict.seconds),
        **_numbers(verdict),
    }


def _unseen(verdict: "Verdict") -> float:
    """What the index is sorted by: the largest error that would have stayed hidden; without a number it comes first."""
    size = for_json(verdict.notices)
    return round(size, 6) if isinstance(size, float) and verdict.outcome == "holds" else 1e9


def _numbers(verdict: "Verdict") -> dict[str, Any]:
    """The table of numbers: heads, rows, and a remark where rows were left out."""
    claim = verdict.claim
    if verdict.estimate is None:
        head, places, values = _named(claim, verdict.theory)
        return _thinned([head, "theory"], [[p, _number(value)] for p, value in zip(places, values, strict=True)])
    mean, stderr = np.asarray(verdict.estimate.mean), np.asarray(verdict.estimate.stderr)
    if claim.relation.name == "rate":
        head, places, values = _named(claim, mean)
        rows = [[p, _number(m), _number(s, 2)] for p, m, s in zip(places, values, np.ravel(stderr), strict=True)]
        several = len(claim.labels) == np.size(verdict.theory)
        exponents = zip(np.ravel(verdict.theory), np.ravel(verdict.lower), np.ravel(verdict.upper), strict=True)
        for index, (theory, low, high) in enumerate(exponents):
            case = f" of {claim.labels[index]}" if several else f" {index + 1}" if np.size(verdict.theory) > 1 else ""
            limits = f"{(low + high) / 2:.4f} ({low:.4f} to {high:.4f})"
            rows.append([f"exponent{case}, three largest sizes", limits, f"theory: {theory:.4g}"])
        return _thinned([head, "simulation", "standard error"], rows)
    head, places, values = _named(claim, mean)
    columns = (np.ravel(np.asarray(v, float)) for v in (verdict.theory, stderr, verdict.lower, verdict.upper))
    rows = []
    for place, value, theory, error, low, high in zip(places, values, *columns, strict=True):
        ratio = f"{value / theory:.4f}" if theory != 0 and np.isfinite(value / theory) else "–"
        limits = f"{_number(low)} to {_number(high)}" if np.isfinite(low) or np.isfinite(high) else "–"
        rows.append([place, _number(theory), _number(value), _number(error, 2), limits, ratio])
    what = "bound" if claim.relation.side else "theory"
    return _thinned([head, what, "simulation", "standard error", "confidence limits", f"simulation / {what}"], rows)


def _named(claim: "Claim", values: Any) -> tuple[str, list[str], np.ndarray]:
    """The head of the column that names the entries, a name for every entry, and the entries in one row."""
    array = np.asarray(values, float)
    flat = array.ravel()
    if array.ndim == 0:
        return "", [claim.quantity or "value"], flat
    if len(claim.labels) == flat.size:
        return "case", list(claim.labels), flat
    head, points = "entry", [str(i + 1) for i in range(array.shape[-1])]
    if claim.axis is not None and np.size(claim.axis.values) == array.shape[-1]:
        head, points = claim.axis.name, [f"{value:g}" for value in np.asarray(claim.axis.values, float)]
    cases = flat.size // len(points)
    if cases == 1:
        return head, points, flat
    labels: Sequence[str] = claim.labels if len(claim.labels) == cases else [f"case {i + 1}" for i in range(cases)]
    return f"case, {head}", [f"{label}, {point}" for label in labels for point in points], flat


def _thinned(heads: list[str], rows: list[list[str]]) -> dict[str, Any]:
    step = -(-len(rows) // _MOST_ROWS)
    remark = f"One of every {step} entries; report.json has all {len(rows)}." if step > 1 else ""
    return {"heads": heads, "rows": rows[::-1][::step][::-1] if rows else [], "remark": remark}


def _number(value: Any, digits: int = 6) -> str:
    value = float(value)
    return f"{value:.{digits}g}".replace("inf", "∞").replace("nan", "–")


def _claim_dict(verdict: "Verdict") -> dict[str, Any]:
    claim, estimate = verdict.claim, verdict.estimate
    return facts(claim) | {
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "relation": {"name": claim.relation.name, "description": verdict.relation.describe()},
        "axis": None if claim.axis is None else {"name": claim.axis.name, "values": for_json(claim.axis.values)},
        "labels": list(claim.labels),
        "theory": for_json(verdict.theory),
        "simulation": None
        if estimate is None
        else {"mean": for_json(estimate.mean), "stderr": for_json(estimate.stderr), "count": int(estimate.count)},
        "lower": for_json(verdict.lower),
        "upper": for_json(verdict.upper),
        "notices": for_json(verdict.notices),
        "gap": verdict.gap() if verdict.outcome == "fails" else None,
        "replications": int(verdict.replications),
        "needed": None if verdict.needed is None else int(verdict.needed),
        "seconds": round(verdict.seconds, 3),
        "level": verdict.level,
    }
