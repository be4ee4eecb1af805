"""The two places where a test may reach in: the clock and the failpoints. Everything but policy may use them."""
