"""The pages: who asks, what was typed, one call to an action, what is shown. No rule lives here."""
