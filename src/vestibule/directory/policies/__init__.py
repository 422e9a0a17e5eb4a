"""A firm's own rules that are not authority, and the rules about persons all doors share."""
