"""What belongs to this machine and this release of JAX: precision, wrong sums, versions."""
