"""Datasets that people know, with names, folders and tables as published and generated sounds, through `new`."""
