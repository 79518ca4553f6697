"""Which node gets a job, and why not the others: pure, no I/O, no clock of its own."""
