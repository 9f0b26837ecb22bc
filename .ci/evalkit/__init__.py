"""hear-eval-kit on the tasks that hearpreprocess makes: its environment, a toy model, and the run of `make evalkit`."""
