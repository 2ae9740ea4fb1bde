"""Families on which maximum likelihood collapses."""
