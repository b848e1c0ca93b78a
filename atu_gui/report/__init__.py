"""A run as one page for a browser: self-contained, without scripts, made from what is recorded and nothing else."""
