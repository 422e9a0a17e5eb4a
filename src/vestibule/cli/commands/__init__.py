"""One module per noun. Each adds itself to the parser and imports Django only when it runs."""
