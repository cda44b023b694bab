"""Out of the store: a window becomes files and a manifest."""
