"""Reads what people send as tables: bytes to rows, rows to a checked tree of places; nothing here knows a database or a firm."""
