"""The interface for other systems: cases opened, read and answered by the exchange's own servers (docs/api.md)."""
