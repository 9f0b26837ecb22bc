"""The command line: python -m hearpreprocess COMMAND..."""

import sys

from hearpreprocess.cli import main

if __name__ == "__main__":
    sys.exit(main())
