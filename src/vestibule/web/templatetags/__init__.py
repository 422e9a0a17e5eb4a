"""What templates need beyond Django's own tags: icons, dates as people say them, lists with “and”. No queries."""
