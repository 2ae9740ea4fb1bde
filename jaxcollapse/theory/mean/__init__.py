"""Recursive estimation of a mean, and every regular estimator to first order."""
