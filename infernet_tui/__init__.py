"""Infernet for operators: the node, the command line and the full-screen terminal."""

__version__ = "0.1.0"
