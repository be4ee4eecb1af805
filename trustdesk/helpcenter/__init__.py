"""The public help center: pages, search, votes and following, for who is signed in nowhere."""
