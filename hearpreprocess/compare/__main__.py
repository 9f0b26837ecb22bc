"""The command line of compare: python -m hearpreprocess.compare."""

import sys

from hearpreprocess.cli import main

if __name__ == "__main__":
    sys.exit(main(["compare", *sys.argv[1:]]))
