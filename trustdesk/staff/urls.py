"""Staff's own pages: signing in, the second factor, the account.

Named one by one rather than by including allauth's: there is no sign-up, no sign-in by mailed code and no password
reset by mail here, so none of their addresses exist.
"""

from allauth.account import views as account
from allauth.mfa import urls as mfa
from django.urls import URLPattern, URLResolver, include, path

from trustdesk.staff import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.own_account, name="staff_account"),
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("password/", account.password_change, name="account_change_password"),
    path("password/first/", account.password_set, name="account_set_password"),
    path("welcome/", views.set_password, name="staff_set_password"),
    path("welcome/<str:token>/", views.password_link, name="staff_password_link"),
    path("sessions/", views.other_sessions, name="staff_other_sessions"),
    path("second-factor/", include(mfa.urlpatterns)),
]
