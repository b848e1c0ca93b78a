"""Widgets that panels are built of. They display values and say what the user wants; they decide nothing."""
