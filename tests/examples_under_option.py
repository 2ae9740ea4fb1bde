"""Runs the examples of all docstrings, or of some modules, under an option of JAX: every public call has one.

    python examples_under_option.py jax_debug_nans=True jaxcollapse.random jaxcollapse.theory.gaussian

Prints a line for each object whose example fails, and nothing else.
"""

import ast
import doctest
import importlib
import pkgutil
import sys

import jax


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
    """What fails, in a line each."""

    def report_failure(self, out, test, example, got):
        self.tell(test, example, f"gave {got.strip()!r}, not {example.want.strip()!r}")

    def report_unexpected_exception(self, out, test, example, exc_info):
        self.tell(test, example, f"raised {exc_info[0].__name__}: {str(exc_info[1]).splitlines()[:1]}")

    def tell(self, test, example, what):
        print(f"{test.name}: {example.source.strip()} {what}", file=sys.__stdout__, flush=True)


def main(chosen, *names):
    for text in chosen.split(","):
        jax.config.update(*option(text))
    runner = Failures(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.FAIL_FAST)
    seen = set()
    for module in modules(names or ("jaxcollapse",)):
        for test in doctest.DocTestFinder(exclude_empty=True).find(module):
            if test.examples and test.name not in seen:
                seen.add(test.name)
                runner.run(test, out=lambda text: None)
    print(f"{len(seen)} objects")


if __name__ == "__main__":
    main(*sys.argv[1:])
