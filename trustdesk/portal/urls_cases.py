"""Addresses of the contact hub, of signing in and of one's cases. A part of a page begins with an underscore."""

from django.urls import path

from trustdesk.portal import cases, documents, hub, official, phrase, proof, signin

urlpatterns = [
    path("contact/", hub.contact, name="contact"),
    path("follow/", hub.follow, name="follow"),
    path("official/", official.official, name="official"),
    path("official.json", official.machine_readable, name="official_json"),
    path("signin/", signin.start, name="signin"),
    path("signin/code/", signin.code, name="signin_code"),
    path("signin/session/", signin.session, name="signin_session"),
    path("signout/", signin.sign_out, name="signout"),
    path("confirm/<str:token>/", proof.confirm, name="confirm"),
    path("cases/", cases.mine, name="cases"),
    path("cases/phrase/", phrase.phrase, name="phrase"),
    path("cases/<str:reference>/", cases.case, name="case"),
    path("cases/<str:reference>/_live.html", cases.live, name="case_live"),
    path("cases/<str:reference>/replies/", cases.replies, name="replies"),
    path("cases/<str:reference>/withdrawal/", cases.withdrawal, name="withdrawal"),
    path("cases/<str:reference>/closing/", cases.closing, name="closing"),
    path("cases/<str:reference>/reopening/", cases.reopening, name="reopening"),
    path("cases/<str:reference>/chat/", cases.to_chat, name="to_chat"),
    path("cases/<str:reference>/rating/", cases.rating, name="rating"),
    path("cases/<str:reference>/transcript.txt", cases.transcript, name="transcript"),
    path("cases/<str:reference>/transcript/", cases.transcript_by_mail, name="transcript_by_mail"),
    path("cases/<str:reference>/files/<str:key>", cases.file, name="case_file"),
    path("cases/<str:reference>/proof/", proof.proof, name="proof"),
    path("cases/<str:reference>/documents/", documents.documents, name="documents"),
]
