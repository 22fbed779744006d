"""Loaders by hand, in the style of vLLM's parallel layers, for families that vLLM does not serve."""

FAMILIES = {}
# Test models without a second source, and why.
WITHOUT = {}
