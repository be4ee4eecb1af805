"""The help center's articles: written and reviewed in the back office, found by search, measured by what they saved."""
