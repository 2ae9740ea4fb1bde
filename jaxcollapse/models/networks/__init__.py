"""Networks in the loop: linear ones, which have closed forms, and any that gradients train."""
