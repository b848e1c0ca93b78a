"""atu-gui: a desktop workbench for making a language model forget (Align-then-Unlearn)."""

__version__ = "0.1.0"
