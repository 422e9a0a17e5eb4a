"""The deeds, one function per verb in a file named after the noun. Every door calls these."""
