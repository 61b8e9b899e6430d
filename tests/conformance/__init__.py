"""What a user of a hot reloader sees, as scenarios that any tool can be measured with."""
