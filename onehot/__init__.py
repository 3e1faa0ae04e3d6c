"""The command line, and everything on one machine: starts the other packages as processes and speaks to them."""
