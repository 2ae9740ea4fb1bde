"""``python -m jaxcollapse`` is the command line."""

from jaxcollapse.cli import main

if __name__ == "__main__":
    main()
