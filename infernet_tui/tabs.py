"""The screens as the tab bar names them."""

SCREENS = (
    ("home", "1", "Home", "infernet status"),
    ("models", "2", "Models", "infernet model list"),
    ("jobs", "3", "Jobs", "infernet jobs"),
    ("gpu", "4", "GPU", "infernet gpu"),
    ("peers", "5", "Peers", "infernet peers"),
    ("earn", "6", "Earn", "infernet payments"),
    ("chat", "7", "Chat", "infernet chat"),
    ("talk", "8", "Talk", None),
    ("logs", "9", "Logs", "infernet logs"),
    ("doctor", "0", "Doctor", "infernet doctor"),
    ("settings", "comma", "Settings", "infernet config show"),
)
"""Name, key, title and command-line twin of each screen, in the order of the tabs."""
