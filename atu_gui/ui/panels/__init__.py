"""The docks, one per file. They do not import each other; the main window wires them."""
