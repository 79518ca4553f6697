"""Use cases of the control plane: the only code that knows both storage and matching."""
