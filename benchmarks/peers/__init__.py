"""Those who answer: one file each, with ``simulator(task, precision, replications)`` as its only public function."""
