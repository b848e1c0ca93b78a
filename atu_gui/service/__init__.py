"""The worker thread that owns the model, and the workbench that the window and the command line speak to. No Qt."""
