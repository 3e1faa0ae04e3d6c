"""The command line, and everything on one machine: starts the other packages as processes and calls the service."""
