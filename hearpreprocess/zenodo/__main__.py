"""The command line of zenodo: python -m hearpreprocess.zenodo."""

import sys

from hearpreprocess.cli.commands.zenodo import main

if __name__ == "__main__":
    sys.exit(main())
