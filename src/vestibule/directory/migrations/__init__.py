"""The one line of migrations of our tables. Nothing else lives here."""
