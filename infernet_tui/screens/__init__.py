"""The screens: each composes widgets, draws them from the store, and does what its actions ask."""
