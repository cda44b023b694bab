"""The store's JSON:API and nothing else: values, one exchange written once, and the two drivers that run it."""
