"""Distributions over finitely many symbols."""
