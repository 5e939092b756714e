"""What this installation is made of, what is wrong with it, and the command that mends it."""
