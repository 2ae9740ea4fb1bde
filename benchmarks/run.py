"""jaxcollapse against the ways in which its users simulate today: times, ratios and how they scale.

Everything that is timed answers the same question, and agrees with the answer of jaxcollapse to within six standard
errors, or it is not timed. The README beside this file says what each case asks, and how to read the tables.
"""

import argparse
import json
import shlex
import sys
import time
from pathlib import Path

import numpy as np

import first_result
import machine
import report
import verification
from cases import CASES, DRAWS, FIRST_RESULT, OURS, QUICK, VERIFICATION, Contest, Sweep
from measure import Absent, Entry, Results, Settings, Workers, measure

_PILOT = 4096


def main() -> int:
    """Run the cases that were asked for. The status is 1 if somebody's answer differs from ours."""
    options = _options()
    settings = Settings(options.seconds, options.repetitions, options.limit)
    book = _Book(options.json, options.markdown)
    with Workers(options.limit) as workers:
        drawn = measure(DRAWS, workers, settings, _say)
        book.rates = report.rates(drawn)
        book.add("draws", "Random numbers", report.draws(drawn), drawn)
        for name in options.cases:
            if name == FIRST_RESULT:
                starts = first_result.measure(1 if options.quick else 3, options.limit, _say)
                book.add(
                    name, "Time to the first result", report.first_result(starts, first_result.REPLICATIONS), starts
                )
            if name == VERIFICATION:
                runs = verification.measure(1 if options.quick else 2, 3600, _say, everything=not options.quick)
                book.add(name, "Deciding the claims", report.verification(runs), runs)
            for asked in CASES.get(name, ()):
                asked = asked.thinned() if options.quick else asked
                if isinstance(asked, Sweep):
                    results = measure(asked.entries(), workers, settings, _say)
                    book.add(name, asked.title, report.sweep(asked, results), results)
                elif not (options.quick and asked.slow):
                    replications = _replications(asked, workers, options.scale)
                    results = measure(asked.entries(replications), workers, settings, _say)
                    section = report.contest(asked, replications, results, book.rates)
                    book.add(name, asked.title, section, results)
    return int(book.wrong)


class _Book:
    """What was measured so far: printed, and written to the files again after every case."""

    def __init__(self, json_file: Path | None, markdown_file: Path | None):
        self.rates: list[float] = []
        self.wrong = False
        self._json, self._markdown = json_file, markdown_file
        self._machine = machine.describe()
        self._sections, self._results = [report.preamble(self._machine, _command())], []
        print(*self._sections)

    def add(self, case: str, title: str, section: str, results: Results) -> None:
        print(f"\n## {title}\n\n{section}", flush=True)
        self.wrong |= any(isinstance(result, Absent) and result.wrong for result in results)
        self._sections.append(f"## {title}\n\n{section}")
        self._results.append({"case": case, "title": title, "results": [report.plain(result) for result in results]})
        if self._json:
            whole = {"machine": self._machine, "command": _command(), "results": self._results}
            self._json.write_text(json.dumps(whole, indent=1) + "\n")
        if self._markdown:
            self._markdown.write_text("\n\n".join(self._sections) + "\n")


def _replications(asked: Contest, workers: Workers, scale: float) -> int:
    """Those of the case, or as many as its precision takes, judged by a first few of ours."""
    if asked.replications is not None:
        return max(2, int(scale * asked.replications))
    _, mean, variance = workers.ask(Entry("pilot", OURS, asked.chain, _PILOT), seed=0, count=_PILOT).summary
    return int(np.ceil(np.max(variance / (asked.rtol * mean) ** 2)))


def _command() -> str:
    """What was typed, without the files that were written."""
    words = iter(sys.argv[1:])
    kept = []
    for word in words:
        if word in ("--json", "--markdown"):
            next(words)
        elif not word.startswith(("--json=", "--markdown=")):
            kept.append(word)
    return shlex.join(["python", "benchmarks/run.py", *kept])


def _say(what: str) -> None:
    """One line that is overwritten, for those who watch."""
    if sys.stderr.isatty():
        print(f"\r\033[K{time.strftime('%H:%M:%S')} {what}", end="", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    names = [*CASES, FIRST_RESULT, VERIFICATION]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"all of them by default: {', '.join(names)}")
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"few replications and rounds, and if no case is named only {', '.join(QUICK)}",
    )
    parser.add_argument("--seconds", type=float, help="about the length of one measurement (0.2; quick: 0.05)")
    parser.add_argument("--repetitions", type=int, help="rounds, three at least (5; quick: 3)")
    parser.add_argument("--scale", type=float, help="factor on the number of replications (1; quick: 0.1)")
    parser.add_argument("--limit", type=float, default=120.0, help="seconds after which a contestant is given up")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measurement there")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables there")
    options = parser.parse_args()
    if unknown := sorted(set(options.cases) - set(names)):
        parser.error(f"unknown case {', '.join(unknown)}: choose from {', '.join(names)}")
    options.cases = options.cases or (QUICK if options.quick else names)
    for option, value, quick in (("seconds", 0.2, 0.05), ("repetitions", 5, 3), ("scale", 1.0, 0.1)):
        if getattr(options, option) is None:
            setattr(options, option, quick if options.quick else value)
        elif not getattr(options, option) > 0:
            parser.error(f"--{option} must be positive, got {getattr(options, option)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
