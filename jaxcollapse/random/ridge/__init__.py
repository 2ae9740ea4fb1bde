"""Ridge regression on Gaussian designs that are never drawn."""
