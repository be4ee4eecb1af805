from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StaffConfig(AppConfig):
    """Agents, teams, roles, shifts, sign-in and the audit."""

    name = "trustdesk.staff"
    label = "staff"
    verbose_name = _("Staff")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to allauth: its signals are the only word it gives of a finished step."""
        from allauth.account import signals as account
        from allauth.mfa import signals as mfa

        from trustdesk.staff import signin

        account.authentication_step_completed.connect(signin.on_authentication_step)
        account.password_changed.connect(signin.on_password_changed)
        mfa.authenticator_added.connect(signin.on_factor_added)
        mfa.authenticator_removed.connect(signin.on_factor_removed)
        mfa.authenticator_reset.connect(signin.on_recovery_codes_made)
        mfa.authentication_failed.connect(signin.on_factor_refused)
