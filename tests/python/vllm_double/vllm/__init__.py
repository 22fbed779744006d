"""A double of vLLM: what a plug-in for loading sees of it, as vLLM's documentation describes it (0.9 to 0.31)."""
