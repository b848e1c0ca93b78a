"""What is kept of runs, in SQLite. No torch, no Qt."""
