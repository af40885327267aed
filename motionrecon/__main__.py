"""``python -m motionrecon``: the same as the ``motionrecon`` command."""

from motionrecon.cli.main import main

main()
