"""The command line. Importing it on a Python that cannot run the project ends with one line that says so."""

import sys

if not (3, 11) <= sys.version_info[:2] < (3, 13):
    sys.exit(
        "motionrecon needs Python 3.11 or 3.12, this is {}.{}; make a virtual environment with one of them "
        "(python3.12 -m venv .venv) and install it there".format(*sys.version_info[:2])
    )
