"""Models, the method and its measurements. Imports torch; knows no screen and no database."""
