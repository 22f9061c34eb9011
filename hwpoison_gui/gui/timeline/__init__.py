"""The timeline track, transport buttons, operation chips, and notebook."""
