"""One module per noun. A view says who, reads, fetches, acts and tells; no sixth thing."""
