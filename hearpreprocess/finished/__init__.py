"""A finished task: its layout, tarball, manifest and card, and how it is read."""
