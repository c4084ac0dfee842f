"""`python -m evenflow`: the same as the command `evenflow`."""

import sys

from evenflow.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
