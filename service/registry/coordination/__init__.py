"""What the service's processes agree on: the desired state and what each has loaded."""
