"""In the tests, every function of the package checks the types and shapes that its signature promises."""

from jaxtyping import install_import_hook

# Where a signature says float an int will do, as PEP 484 has it.
install_import_hook("jaxcollapse", "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")
