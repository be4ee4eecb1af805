"""Who works here: agents, their teams, shifts and sign-in sessions, and the audit of what they did."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MINUTES_PER_DAY = 24 * 60


def known_time_zone(name: str) -> None:
    """Raise ValidationError unless this machine's time zone database knows the name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValidationError(_("There is no time zone of this name."), code="time_zone") from error


class Role(models.TextChoices):
    """The Django Groups that grant what an agent may do; stored as the group's name."""

    AGENT = "agent", _("Agent")
    LEAD = "lead", _("Team lead")
    ADMIN = "admin", _("Administrator")

    @classmethod
    def highest(cls, groups: Iterable[str]) -> Role:
        """Return the highest role among group names; agent when there is none."""
        names = set(groups)
        return next((role for role in (cls.ADMIN, cls.LEAD) if role.value in names), cls.AGENT)


class Writing(models.TextChoices):
    """The Django Groups that write the help center, beside what an agent does at the desk."""

    EDITOR = "editor", _("Editor: drafts, and asks for a review")
    PUBLISHER = "publisher", _("Publisher: reviews and publishes")


DOCUMENTS = "documents"  # the Django Group of agents who open documents without leading a team


class AgentManager(BaseUserManager["Agent"]):
    """Finds and creates agents by e-mail address, which is kept in lower case."""

    def get_by_natural_key(self, email: str | None) -> Agent:
        """Return the agent who signs in with this address; raises Agent.DoesNotExist."""
        return self.get(email=(email or "").strip().lower())

    def create_user(
        self,
        email: str,
        password: str | None = None,
        *,
        display_name: str,
        public_name: str,
        role: Role = Role.AGENT,
        languages: list[str] | None = None,
        capacity: int = 4,
        is_demo: bool = False,
    ) -> Agent:
        """Create an agent in the group of their role; without a password nobody can sign in with one."""
        from django.contrib.auth.models import Group

        agent = self.model(
            email=email.strip().lower(),
            display_name=display_name,
            public_name=public_name,
            languages=languages or ["en"],
            capacity=capacity,
            is_demo=is_demo,
        )
        agent.set_password(password)
        agent.full_clean(exclude=["password"])
        agent.save(using=self._db)
        agent.groups.add(Group.objects.get(name=role.value))
        return agent


class Agent(AbstractBaseUser, PermissionsMixin):
    """One person of the support staff; the e-mail address is the login and never leaves the staff side."""

    email = models.EmailField(_("e-mail address"), max_length=254, unique=True)
    display_name = models.CharField(_("name"), max_length=120, help_text=_("Shown to colleagues."))
    public_name = models.CharField(
        _("first name"), max_length=40, help_text=_("Shown to customers. Never a surname or an address.")
    )
    languages = ArrayField(
        models.CharField(max_length=16),
        verbose_name=_("languages"),
        default=list,
        blank=True,
        help_text=_("Language tags such as en or zh-hans."),
    )
    capacity = models.PositiveSmallIntegerField(
        _("chats at once"), default=4, validators=[MinValueValidator(0), MaxValueValidator(50)]
    )
    available = models.BooleanField(
        _("takes new chats"), default=False, help_text=_("Switched off while the agent is away.")
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_demo = models.BooleanField(_("demo agent"), default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name", "public_name"]

    objects: ClassVar[AgentManager] = AgentManager()

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="agent_email_lower_case"),
            models.CheckConstraint(condition=Q(capacity__lte=50), name="agent_capacity_range"),
            # N-13: customers see this name, so an address can never be entered here by mistake.
            models.CheckConstraint(condition=~Q(public_name__contains="@"), name="agent_public_name_no_address"),
        ]

    def __str__(self) -> str:
        return self.display_name

    def get_full_name(self) -> str:
        """Return the name shown to colleagues."""
        return self.display_name

    def get_short_name(self) -> str:
        """Return the name shown to customers."""
        return self.public_name

    @property
    def role(self) -> Role:
        """The highest role among the agent's groups; agent when there is none."""
        return Role.highest(group.name for group in self.groups.all())


class Team(models.Model):
    """A group of agents who share a queue."""

    slug = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    name_zh = models.CharField(_("name in Chinese"), max_length=80, blank=True)
    members = models.ManyToManyField(Agent, through="Membership", related_name="teams", verbose_name=_("members"))

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name

    def label(self, language: str) -> str:
        """Return the team's name in the reader's language ("zh-hans" → the Chinese one when there is one)."""
        return self.name_zh if language.startswith("zh") and self.name_zh else self.name


class Membership(models.Model):
    """One agent in one team."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["agent", "team"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.agent_id} in {self.team_id}"


class Shift(models.Model):
    """A weekly shift: a weekday and minute in the agent's own time zone, and a length that may pass midnight."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="shifts")
    weekday = models.PositiveSmallIntegerField(_("starts on"), choices=Weekday.choices)
    start_minute = models.PositiveSmallIntegerField(
        _("starts at minute of the day"), validators=[MaxValueValidator(MINUTES_PER_DAY - 1)]
    )
    minutes = models.PositiveSmallIntegerField(
        _("length in minutes"), validators=[MinValueValidator(1), MaxValueValidator(MINUTES_PER_DAY)]
    )
    timezone = models.CharField(
        _("time zone"),
        max_length=64,
        default="UTC",
        validators=[known_time_zone],
        help_text=_("Such as Asia/Singapore."),
    )

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        ordering = ["agent_id", "weekday", "start_minute"]
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="shift_weekday_range"),
            models.CheckConstraint(condition=Q(start_minute__lt=MINUTES_PER_DAY), name="shift_start_range"),
            models.CheckConstraint(
                condition=Q(minutes__gte=1, minutes__lte=MINUTES_PER_DAY), name="shift_length_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.start_minute // 60:02}:{self.start_minute % 60:02} {self.timezone}"


class Factor(models.TextChoices):
    """How a sign-in session went past the second factor."""

    NONE = "", _("none")
    MFA = "mfa", _("second factor")
    DEMO = "demo", _("demo sign-in")


class Session(AbstractBaseSession):
    """A browser session; the columns repeat what the encoded data says so that many can be checked in one query."""

    agent = models.ForeignKey(Agent, models.CASCADE, null=True, related_name="sessions")
    factor = models.CharField(max_length=8, choices=Factor.choices, default=Factor.NONE, blank=True)
    auth_hash = models.CharField(max_length=128, blank=True)
    signed_in_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")


class PasswordLink(models.Model):
    """The one valid link with which an agent sets a password: as an invitation or after forgetting it.

    A new link replaces the row, use deletes it, so there is never a second valid one. Only a digest is kept.
    """

    agent = models.OneToOneField(Agent, models.CASCADE, related_name="password_link")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("password link")
        verbose_name_plural = _("password links")

    def __str__(self) -> str:
        return f"password link of {self.agent_id}"


class Audit(models.Model):
    """One act of a member of staff, chained by hash to the one before; the application role can only add rows.

    The agent is a plain number with the name of that day, not a foreign key: erasing or renaming an agent must
    not need an UPDATE here.
    """

    class Result(models.TextChoices):
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")
        FAILED = "failed", _("failed")

    at = models.DateTimeField()
    agent_id = models.BigIntegerField(null=True)
    agent_name = models.CharField(max_length=120, blank=True)
    action = models.CharField(max_length=64)
    target = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    ip = models.GenericIPAddressField(null=True)
    session_hash = models.CharField(max_length=16, blank=True)
    result = models.CharField(max_length=8, choices=Result.choices, default=Result.DONE)
    data = models.JSONField(default=dict)
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(F("target"), F("id"), name="audit_target"),
            models.Index(F("agent_id"), F("id"), name="audit_agent"),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.action} {self.target}"
