"""How a graph of steps is run: by Luigi, in processes that stay, with a log and a way to interrupt it."""
