"""Setting a machine up: the eight steps of the documentation, without a user interface.

A step looks first (`detect`), and does something only when told to (`apply`). `walk.Setup` goes
through them and remembers how far it came; `infernet setup` and the full-screen wizard both drive
that. Invariants: nothing here prints or reads the keyboard; whatever needs more rights than the
user has is shown as a command first; a step that is done changes nothing when it is run again.
"""
