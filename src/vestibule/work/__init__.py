"""The worker: claims what is due, sends mails, does scheduled work. It decides nothing and keeps no rows of its own."""
