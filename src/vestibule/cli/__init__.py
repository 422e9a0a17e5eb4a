"""The `vestibule` command: reads arguments, calls one action, tells the result. No rule lives here."""
