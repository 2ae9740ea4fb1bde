"""Tables and JSON of what was measured."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from cases import DRAWS, Contest, Sweep
from measure import Absent, Results, Timing
from worker import Peer


def contest(asked: Contest, replications: int, results: Results, rates: Sequence[float]) -> str:
    """A table: one row per peer."""
    ours = results[0]
    head = [
        "",
        "precision",
        f"{replications:,} replications",
        "timed on",
        f"time / {asked.peers[0].name}",
        "range",
        "first call adds",
    ]
    rows = []
    for peer, result in zip(asked.peers, results, strict=True):
        row = [peer.name, peer.precision]
        if isinstance(result, Absent):
            row += [result.reason, *[""] * 4]
        else:
            row += [_seconds(result.median), f"{result.timed_on:,}"]
            row += _ratio(result, ours) if isinstance(ours, Timing) else ["", ""]
            row += [_seconds(result.first_call_adds) if result.first_call_adds > 1e-3 else "–"]
        rows.append(row)
    lines = [_table(head, rows), "", _rounds(results)]
    if asked.rtol is not None:
        lines += ["", f"{replications:,} paths give a standard error of at most {asked.rtol:.1%} at every generation."]
    elif isinstance(ours, Timing) and rates:
        lines += ["", _against_draws(asked, ours, rates)]
    return "\n".join(lines)


def sweep(asked: Sweep, results: Results) -> str:
    """A table: one row per point, one column per peer."""
    peers = list(dict.fromkeys(_name(peer) for point in asked.points for peer in point.peers))
    by_entry = _by_point(asked, results)
    first = by_entry[asked.points[0].x, peers[0]]
    head = [asked.axis, *peers, f"{asked.points[0].peers[0].name} / first row", "range"]
    rows = []
    for point in asked.points:
        row = [f"{point.x:,}"]
        for peer in peers:
            result = by_entry.get((point.x, peer))
            row.append("–" if result is None else result.reason if isinstance(result, Absent) else _timed_on(result))
        ours = by_entry[point.x, peers[0]]
        both = isinstance(ours, Timing) and isinstance(first, Timing)
        rows.append([*row, *(_ratio(ours, first) if both else ["", ""])])
    lines = [_table(head, rows), "", _rounds(results)]
    line = asked.linear and fitted_line(results)
    if line:
        lines += ["", f"Straight line: {_seconds(line[0])} a call and {_seconds(line[1])} a replication."]
    return "\n".join(lines)


def fitted_line(results: Results) -> tuple[float, float] | None:
    """Intercept and slope of seconds against replications, every point by its relative error."""
    timings = [result for result in results if isinstance(result, Timing)]
    if len(timings) < 2:
        return None
    count = np.array([timing.entry.replications for timing in timings])
    seconds = np.array([timing.median for timing in timings])
    slope, intercept = np.polyfit(count, seconds, 1, w=1 / seconds)
    return float(intercept), float(slope)


def first_result(measured: Sequence[dict], replications: int) -> str:
    """A table: one row per way to begin."""
    head = ["", "import", f"first curve ({replications:,} replications)", "whole process", "range"]
    rows = []
    for start in measured:
        whole, low, high = start["process_seconds"]
        spread = f"{_seconds(low)} to {_seconds(high)}"
        rows.append(
            [
                start["name"],
                *(_seconds(start[f"{kind}_seconds"][0]) for kind in ("import", "compute")),
                _seconds(whole),
                spread,
            ]
        )
    rounds = f"Medians of {len(measured[0]['seconds'])} processes each, which took turns."
    return "\n".join([_table(head, rows), "", rounds])


def verification(measured: Sequence[dict]) -> str:
    """A table: one row per run of the command."""
    head = ["", "clock", "all processors", "first verdict", "memory", "exit status"]
    rows = [
        [
            run["name"],
            *(_seconds(run[kind]) for kind in ("seconds", "processor_seconds", "first_verdict_seconds")),
            f"{run['bytes'] / 2**30:.2f} GiB" if run["bytes"] else "not known",
            str(run["status"]),
        ]
        for run in measured
    ]
    return _table(head, rows)


def rates(results: Results) -> list[float]:
    """Normals, chi-squares and steps per second; nothing if they were not measured."""
    if any(isinstance(result, Absent) for result in results):
        return []
    return [entry.replications * entry.task.count / r.median for entry, r in zip(DRAWS, results, strict=True)]


def draws(results: Results) -> str:
    """The rates in words."""
    if not (found := rates(results)):
        return "Not measured."
    normals, chi_squares, steps = found
    return (
        f"`jaxcollapse.random` in a compiled loop on all cores, single precision: {_count(normals)} normals or "
        f"{_count(chi_squares)} chi-squares a second, or {_count(steps)} steps of one of each with an exponential and "
        f"a logarithm."
    )


def preamble(machine: dict, command: str) -> str:
    """What the numbers were measured on, and how to get them."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    memory = f", {machine['memory_gib']} GiB of memory" if machine["memory_gib"] else ""
    text = (
        f"Measured on {machine['date']} by `{command}`: {machine['processor']}, {machine['cores']} cores{memory}, "
        f"{machine['system']}; {versions}."
    )
    if machine["load"] is not None and machine["load"] > _BUSY:
        text += f"\n\nThe machine was busy with something else (load {machine['load']}): do not trust these times."
    return text


_BUSY = 0.3


def plain(result: Timing | Absent | dict) -> dict:
    """One result as plain data."""
    if isinstance(result, dict):
        return result
    entry = result.entry
    described = {
        "point": entry.point,
        "peer": dataclasses.asdict(entry.peer),
        "task": {type(entry.task).__name__: dataclasses.asdict(entry.task)},
        "replications": entry.replications,
    }
    if isinstance(result, Absent):
        return described | {"absent": result.reason}
    return described | {
        "timed_on": result.timed_on,
        "computed_in_all": result.summary.count,
        "standard_errors_from_reference": result.difference,
        "first_call_adds_seconds": result.first_call_adds,
        "median_seconds": result.median,
        "seconds": result.seconds,
    }


def _against_draws(asked: Contest, ours: Timing, rates: Sequence[float]) -> str:
    """What ours takes, in draws of this machine: what a sampler that does nothing else would reach."""
    fits = ours.entry.replications * asked.chain.generations
    each, (normals, chi_squares, steps) = ours.median / fits, rates
    text = (
        f"{_seconds(each)} a generation for jaxcollapse, as long as {_count(each * normals)} normals or "
        f"{_count(each * chi_squares)} chi-squares take."
    )
    if asked.draws:
        needed = asked.draws[0] / normals + asked.draws[1] / chi_squares
        text += (
            f" It draws {asked.draws[0]:,} and {asked.draws[1]:,} of them, which alone would take {needed / each:.0%} "
            f"of the time."
        )
    if asked.step:
        text += f" A loop of such steps that keeps nothing takes {1 / steps / each:.0%} of it."
    return text


def _by_point(asked: Sweep, results: Results) -> dict[tuple[int, str], Timing | Absent]:
    keys = [(point.x, _name(peer)) for point in asked.points for peer in point.peers]
    return dict(zip(keys, results, strict=True))


def _ratio(result: Timing, reference: Timing) -> list[str]:
    if result is reference:
        return ["1", ""]
    middle, low, high = result.ratio(reference)
    return [_three(middle), f"{_three(low)} to {_three(high)}"]


def _rounds(results: Results) -> str:
    counts = {len(result.seconds) for result in results if isinstance(result, Timing)}
    text = f"Medians of {max(counts, default=0)} rounds."
    others = [result for result in results if isinstance(result, Timing) and result.difference > 0]
    if others:
        far = max(others, key=lambda timing: timing.difference)
        text += (
            f" The largest difference of a mean from that of the reference is {far.difference:.1f} standard errors "
            f"({_name(far.entry.peer)}, {far.summary.count:,} replications)."
        )
    return text


def _timed_on(result: Timing) -> str:
    whole = result.timed_on >= result.entry.replications
    return _seconds(result.median) + ("" if whole else f" (timed on {result.timed_on:,})")


def _name(peer: Peer) -> str:
    return f"{peer.name}, {peer.precision}"


def _seconds(seconds: float) -> str:
    for unit, size in (("ns", 1e-9), ("µs", 1e-6), ("ms", 1e-3)):
        if abs(seconds) < 999.5 * size:
            return f"{_three(seconds / size)} {unit}"
    return f"{_three(seconds)} s"


def _three(number: float) -> str:
    """Three digits, without an exponent."""
    if number == 0:
        return "0"
    digits = max(0, 2 - int(np.floor(np.log10(abs(number)))))
    return f"{float(f'{number:.3g}'):,.{digits}f}"


def _count(number: float) -> str:
    for name, size in (("thousand million", 1e9), ("million", 1e6)):
        if number >= size:
            return f"{_three(number / size)} {name}"
    return _three(number)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table that can also be read as it is."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]

    def line(cells):
        first, *rest = (
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "| " + " | ".join((first, *rest)) + " |"

    rule = ["-" * max(3, widths[0]), *("-" * max(2, width - 1) + ":" for width in widths[1:])]
    return "\n".join([line(head), "|" + "|".join(f" {cell} " for cell in rule) + "|", *(line(row) for row in rows)])
