"""The directory: who may do what where. The one app of ours that owns tables."""
