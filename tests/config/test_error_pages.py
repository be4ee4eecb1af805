"""What a reader is shown where a page is missing, forbidden or broken: in their language, like everything else."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils import translation
from django.views import defaults

from trustdesk.config import errors


@pytest.mark.parametrize(("language", "heading"), [("en", "Page not found"), ("zh-hans", "页面不存在")])
def test_a_missing_page_is_worded(language: str, heading: str) -> None:
    with translation.override(language):
        response = defaults.page_not_found(_request(), PermissionDenied())
    assert response.status_code == 404
    assert f"<h1>{heading}</h1>" in response.content.decode()


@pytest.mark.parametrize(("language", "heading"), [("en", "No access"), ("zh-hans", "无权访问")])
def test_a_forbidden_page_is_worded(language: str, heading: str) -> None:
    with translation.override(language):
        response = defaults.permission_denied(_request(), PermissionDenied())
    assert response.status_code == 403
    assert f"<h1>{heading}</h1>" in response.content.decode()


@pytest.mark.parametrize(("language", "heading"), [("en", "Something went wrong"), ("zh-hans", "出错了")])
def test_a_broken_page_is_worded_without_the_database(language: str, heading: str) -> None:
    """No database is reachable in this test: a page about a fault must not depend on it."""
    with translation.override(language):
        response = errors.server_error(_request())
    assert response.status_code == 500
    assert f"<h1>{heading}</h1>" in response.content.decode()


def _request() -> HttpRequest:
    return RequestFactory().get("/nowhere/", headers={"Accept": "text/html"})
