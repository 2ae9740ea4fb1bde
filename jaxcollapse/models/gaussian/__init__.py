"""Gaussian fits."""
