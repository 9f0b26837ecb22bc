"""The documented entry point of the command line: python -m hearpreprocess.runner TASK..."""

import sys

from hearpreprocess.cli import main

if __name__ == "__main__":
    sys.exit(main())
