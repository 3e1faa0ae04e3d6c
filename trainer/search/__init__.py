"""A search: what is tried next, trials as jobs that pause and go on, the winner that is published."""
