"""The photo: its column on the page, how it is opened, how long it is kept."""
