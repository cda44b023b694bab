"""How fast the provider is, next to what people use today: `python -m benchmarks --json`, or `make bench`."""
