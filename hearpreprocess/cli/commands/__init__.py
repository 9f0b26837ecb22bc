"""The commands, a module each: `configure` adds its options to a parser, `run` does what they say.

A module's docstring is what `--help` says of the command, an EPILOG is what it says in the end.
"""
