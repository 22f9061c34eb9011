"""The commands of the command line: each in a module of its own, whose run() parses its arguments and prints."""
