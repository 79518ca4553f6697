"""What the screens show: frozen values read from the node's JSON, one module a noun.

This is where strangers' words come in. Every text is made harmless on the way (`reader.Reader`), a
missing or wrong value is None, and nothing here raises: a node of another version shows what it
has.
"""
