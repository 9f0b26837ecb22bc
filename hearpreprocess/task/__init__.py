"""What a task module says: its configuration, split schemes, clips and sources, and how a task is found."""
