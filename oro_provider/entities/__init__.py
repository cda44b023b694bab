"""What is known of each resource of the store, as data: shapes, business keys, references, watermarks, costly fields."""
