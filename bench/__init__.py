"""How fast, against what: each figure beside its floor, measured in the same run. `make bench` runs it."""
