"""The demo's page: one photo, and a tab for each question that it answers."""
