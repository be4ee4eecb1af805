"""Template tags of the sign-in pages, |styled and {% password_rules %}, and of the back office, |standing."""

from django import template
from django.contrib.auth.password_validation import password_validators_help_texts
from django.forms import BoundField

from trustdesk.staff import staffing

register = template.Library()
register.filter("standing", staffing.standing)


@register.filter
def styled(field: BoundField) -> BoundField:
    """Give a field of a form that is not ours the looks of our fields."""
    field.field.widget.attrs.setdefault("class", "input")
    field.field.widget.attrs.pop("placeholder", None)  # repeats the label
    if "new-password" in str(field.field.widget.attrs.get("autocomplete")):
        field.help_text = ""  # a list of rules that {% password_rules %} shows once for the page
    return field


@register.simple_tag
def password_rules() -> list[str]:
    """Return the rules of AUTH_PASSWORD_VALIDATORS, one sentence each, in the reader's language."""
    return password_validators_help_texts()
