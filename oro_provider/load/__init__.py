"""Into the store: rows with names become the state that the store should have."""
