"""Cases: the model, the collection, the formats they are read from, and the leak scanner."""
