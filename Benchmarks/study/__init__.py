"""The AdaDim paper's study on two small models: `make study` runs it and writes Documentation/Study.md."""
