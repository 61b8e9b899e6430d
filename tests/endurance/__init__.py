"""What holds over thousands of rounds, beside busy threads, and whichever write fails."""
