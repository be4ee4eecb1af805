"""The back office: forms in which administrators edit rows, each save in one transaction with its audit row.

Wagtail draws the pages. Who gets in is decided here and in `doors`, never by Wagtail's own permissions: it takes a second
factor and, unless a view set opens itself to editors, the right to manage. Every package registers its rows with a
subclass of `AuditedViewSet` in its `wagtail_hooks.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permission_policies.base import BasePermissionPolicy

from trustdesk.staff import audit, doors, permissions, signin
from trustdesk.staff.models import Agent
from trustdesk.staff.permissions import Office


class OfficePolicy(BasePermissionPolicy):  # type: ignore[misc]  # Wagtail ships no types
    """Who gets as far as `who` may do all of `actions`; nobody else may do anything."""

    def __init__(self, model: type[models.Model], actions: Iterable[str], *, who: Office = Office.MANAGER) -> None:
        super().__init__(model)
        self._actions = frozenset(actions)
        self._who = who

    def user_has_permission(self, user: object, action: str) -> bool:
        """Say whether this agent may do it; asked anew on every request."""
        return action in self._actions and isinstance(user, Agent) and permissions.office(user.pk) >= self._who

    def user_has_any_permission(self, user: object, actions: Iterable[str]) -> bool:
        """Say whether this agent may do one of these."""
        return any(self.user_has_permission(user, action) for action in actions)

    def users_with_any_permission(self, actions: Iterable[str]) -> models.QuerySet[Agent]:
        """Name nobody: no page of ours lists who else could edit a row."""
        return Agent.objects.none()

    def instances_user_has_any_permission_for(self, user: object, actions: Iterable[str]) -> models.QuerySet[Any]:
        """Return the rows this agent may see: all, or none."""
        rows: models.QuerySet[Any] = self.model._default_manager.all()
        return rows if self.user_has_any_permission(user, actions) else rows.none()


class Audited:
    """Saves and writes the audit row in the transaction that Wagtail's view opens around it."""

    request: HttpRequest
    did: str

    def save_instance(self) -> models.Model:
        """Save what the form holds; the audit names the fields that changed, never what stands in them."""
        with transaction.atomic():
            row: models.Model = super().save_instance()  # type: ignore[misc]
            changed = sorted(self.form.changed_data)  # type: ignore[attr-defined]
            _record(self.request, self.did, row, fields=changed, parts=_parts(self.form))  # type: ignore[attr-defined]
        return row


class Create(Audited, generic.CreateView):  # type: ignore[misc]
    """Adds a row."""

    did = "created"


class Edit(Audited, generic.EditView):  # type: ignore[misc]
    """Changes a row."""

    did = "edited"


class Delete(generic.DeleteView):  # type: ignore[misc]
    """Deletes a row that nothing refers to; `in_use` is said of another."""

    in_use: str | Promise = _("Something else refers to it, so it stays.")

    def form_valid(self, form: Any) -> HttpResponse:
        """Delete it, or say why not."""
        try:
            answer: HttpResponse = super().form_valid(form)
        except models.ProtectedError:
            messages.error(self.request, self.in_use)
            return redirect(self.get_success_url())
        return answer

    def delete_action(self) -> None:
        """Delete, and write the audit row in one transaction."""
        with transaction.atomic():
            row, key = self.object, self.object.pk
            super().delete_action()
            row.pk = key  # Django takes it away, and the audit is to name it
            _record(self.request, "deleted", row)


class AuditedViewSet(ModelViewSet):  # type: ignore[misc]
    """List and edit the rows of one model. `allows`: what of add, change, delete and view there is; `who` may do it."""

    add_view_class = Create
    edit_view_class = Edit
    delete_view_class = Delete
    copy_view_enabled = False
    add_to_reference_index = False
    add_to_admin_menu = True
    allows: frozenset[str] = frozenset({"add", "change", "delete", "view"})
    who: Office = Office.MANAGER

    @property
    def permission_policy(self) -> OfficePolicy:
        """Return who may do what with these rows."""
        return OfficePolicy(self.model, self.allows, who=self.who)

    def on_register(self) -> None:
        """Open the door to its addresses as far as `who` says."""
        super().on_register()
        doors.open_to(self.who, namespace=self.url_namespace)


def _record(request: HttpRequest, did: str, row: models.Model, **data: object) -> None:
    name = row._meta.model_name
    audit.record(actor=signin.actor(request), action=f"{name}_{did}", target=f"{name}:{row.pk}", data=data)


def _parts(form: Any) -> dict[str, dict[str, int]]:
    """Count what became of the rows below the one that is edited: added, edited, deleted."""
    found = {}
    for name, formset in getattr(form, "formsets", {}).items():
        made = {
            "added": len(formset.new_objects),
            "edited": sum(set(names) != {"ORDER"} for _row, names in formset.changed_objects),
            "deleted": len(formset.deleted_objects),
        }
        found[name] = {what: number for what, number in made.items() if number}
    return {name: counts for name, counts in found.items() if counts}
