"""The task modules: one a dataset, facts only."""
