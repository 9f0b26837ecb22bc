"""From clips to splits, without any audio: the table of clips, splits, labels, and batches of audio work."""
