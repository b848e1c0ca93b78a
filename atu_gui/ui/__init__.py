"""The window. Imports core only and sees the rest through `atu_gui.core.ports.WorkbenchPort`."""
