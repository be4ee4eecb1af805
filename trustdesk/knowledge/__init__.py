"""The help center: what people ask for, answered before they ask a person."""
