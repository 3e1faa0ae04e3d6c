"""Start a training: in this process or in a subprocess, and explain its failures."""
