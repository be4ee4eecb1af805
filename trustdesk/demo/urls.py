"""Addresses of the demo world, below /demo/."""
urlpatterns = []
