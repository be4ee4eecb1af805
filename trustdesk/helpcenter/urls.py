"""Addresses of the help center. A part of a page, and a form beside one, begins with an underscore."""

from django.urls import path

from trustdesk.helpcenter import beside, feeds, files, following, pages, searching

app_name = "helpcenter"
urlpatterns = [
    path("", pages.start, name="start"),
    path("sitemap.xml", feeds.sitemap, name="sitemap"),
    path("pictures/<path:name>", files.picture, name="picture"),
    path("videos/<int:id>", files.film, name="film"),
    path("<str:language>/", pages.home, name="home"),
    path("<str:language>/search", searching.results, name="search"),
    path("<str:language>/_hits.html", searching.hits, name="hits"),
    path("<str:language>/_opened", searching.opened, name="opened"),
    path("<str:language>/_beside.html", beside.part, name="beside"),
    path("<str:language>/_vote/<int:article>/", beside.vote, name="vote"),
    path("<str:language>/_follow/<int:page>/", following.follow, name="follow"),
    path("<str:language>/_following/<str:token>/", following.confirm, name="confirm"),
    path("<str:language>/_unfollow/<str:token>/", following.stop, name="stop"),
    path("<str:language>/feed.xml", feeds.feed, {"path": ""}),
    path("<str:language>/<path:path>/feed.xml", feeds.feed, name="feed"),
    path("<str:language>/<path:path>/", pages.page, name="page"),
]
