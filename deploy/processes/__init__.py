"""The processes behind the commands: each builds its parts from the settings and runs them."""
