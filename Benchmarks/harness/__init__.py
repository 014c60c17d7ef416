"""Runs of the tool that quantize a model, measure it and keep the figures: for `make study`, and whatever else compares
variants."""
