"""Networks, linear ones that have closed forms among them."""
