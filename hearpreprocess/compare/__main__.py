"""The command line of compare: python -m hearpreprocess.compare."""

import sys

from hearpreprocess.cli.commands.compare import main

if __name__ == "__main__":
    sys.exit(main())
