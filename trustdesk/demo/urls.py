"""Addresses of the demo world, below /demo/; each answers only while trying out, on this machine."""

from django.urls import path

from trustdesk.demo import exchange, views

app_name = "demo"
urlpatterns = [
    path("", views.exchange_site, name="demo"),
    path("mailbox/", views.letters, name="mailbox"),
    path("mailbox/_letters.html", views.letters_part, name="mailbox_part"),
    path("mailbox/<str:name>/", views.letter, name="letter"),
    path("exchange/", exchange.home, name="home"),
    path("exchange/orders/", exchange.orders, name="orders"),
    path("exchange/transfers/", exchange.transfers, name="transfers"),
    path("exchange/sign-in/", exchange.sign_in, name="sign_in"),
    path("exchange/sign-out/", exchange.sign_out, name="sign_out"),
    path("exchange/session", exchange.session, name="session"),
    path("exchange/code", exchange.code, name="code"),
]
