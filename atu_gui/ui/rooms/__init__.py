"""What the workbench can do, one room each: a room wires its panels to the session and hears the events it needs.

The window makes the rooms and nothing else of theirs; rooms do not know each other.
"""
