"""Runs the examples of all docstrings, or of some modules, under an option of JAX: every public call has one.

    python examples_under_option.py jax_debug_nans=True jaxcollapse.random jaxcollapse.theory.gaussian

Prints a line for each object whose example fails, and nothing else. Where transfers to the device are refused, lines of
an example that transfer something themselves, such as ``jnp.ones(3)``, are run without the option.
"""

import ast
import contextlib
import doctest
import importlib
import io
import os
import pkgutil
import sys
import traceback

import jax

import jaxcollapse


def option(text):
    """The name and the value of an option, as JAX takes them."""
    name, value = text.split("=")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def modules(names):
    """Those modules, and all below them."""
    for name in names:
        module = importlib.import_module(name)
        yield module
        for info in pkgutil.walk_packages(getattr(module, "__path__", []), f"{name}."):
            if "__main__" not in info.name and ".cli" not in info.name:
                yield importlib.import_module(info.name)


class Failures(doctest.DocTestRunner):
    """What fails first in every object, in a line each."""

    told = frozenset()

    def report_failure(self, out, test, example, got):
        self.tell(test, example, f"gave {got.strip()!r}, not {example.want.strip()!r}")

    def report_unexpected_exception(self, out, test, example, exc_info):
        if "Disallowed" not in str(exc_info[1]) or is_from_library(exc_info[2]):
            self.tell(test, example, f"raised {exc_info[0].__name__}: {str(exc_info[1]).splitlines()[:1]}")
        elif not self.runs_otherwise(test, example):
            self.tell(test, example, "fails without the option")

    def runs_otherwise(self, test, example):
        """Whether the line does what it says without the option."""
        got = io.StringIO()
        with jax.transfer_guard("allow"), contextlib.redirect_stdout(got):
            exec(compile(example.source, "<again>", "single"), test.globs)
        return self._checker.check_output(example.want, got.getvalue(), self.optionflags)

    def tell(self, test, example, what):
        if test.name not in self.told:
            self.told |= {test.name}
            print(f"{test.name}: {example.source.strip()} {what}", file=sys.__stdout__, flush=True)


def is_from_library(tb):
    """Whether the last step towards an exception that is ours was taken in the library, not in the example."""
    ours = ("<doctest", os.path.dirname(jaxcollapse.__file__))
    *_, last = (frame.filename for frame in traceback.extract_tb(tb) if frame.filename.startswith(ours))
    return not last.startswith("<doctest")


def main(chosen, *names):
    for text in chosen.split(","):
        jax.config.update(*option(text))
    runner = Failures(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    seen = set()
    for module in modules(names or ("jaxcollapse",)):
        for test in doctest.DocTestFinder(exclude_empty=True).find(module):
            if test.examples and test.name not in seen:
                seen.add(test.name)
                runner.run(test, out=lambda text: None)
    print(f"{len(seen)} objects")


if __name__ == "__main__":
    main(*sys.argv[1:])
