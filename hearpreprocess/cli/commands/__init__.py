"""The commands, one module each: `configure` adds the options to a parser, `run` executes the command.

`--help` prints a module's docstring and, at the end, its EPILOG.
"""
