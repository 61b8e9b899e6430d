"""`python -m hotswap` is the command `hotswap`."""

from hotswap.cli import main

main()
