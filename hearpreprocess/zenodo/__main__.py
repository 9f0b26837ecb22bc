"""The command line of zenodo: python -m hearpreprocess.zenodo."""

import sys

from hearpreprocess.cli import main

if __name__ == "__main__":
    sys.exit(main(["zenodo", *sys.argv[1:]]))
