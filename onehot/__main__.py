"""`python -m onehot`."""

from onehot.cli import main

main()
