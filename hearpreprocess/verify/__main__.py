"""The command line of verify: python -m hearpreprocess.verify."""

import sys

from hearpreprocess.cli import main

if __name__ == "__main__":
    sys.exit(main(["verify", *sys.argv[1:]]))
