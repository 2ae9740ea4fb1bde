"""The command line: one file per command.

A command imports what it needs when it runs, so that help and completion wait for nothing but the package itself.
"""

from jaxcollapse.cli.app import main as main
