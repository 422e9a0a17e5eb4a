"""Vestibule: who of a firm's clients gets in, and what they may reach."""
