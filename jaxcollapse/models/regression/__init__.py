"""Linear, ridge and generalised linear regression."""
