"""The building blocks of the screens. A widget shows frozen values; it reads nothing by itself."""
