"""Blueprints: the TOML files, what they may say (schema) and how they are read and checked (parse); nothing here writes."""
