"""Adapters to trainers and hubs, one a file; each imports its framework and is its own extra."""
