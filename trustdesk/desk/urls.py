"""Addresses of the desk, below /desk/. A part of a page begins with an underscore."""

from django.urls import path

from trustdesk.desk import acts, articles, documents, joining, mail, mailboxes, triage, views

urlpatterns = [
    path("", views.desk, name="desk"),
    path("_list.html", views.list_part, name="desk_list"),
    path("availability/", acts.availability, name="desk_availability"),
    path("leave/", views.leave, name="desk_leave"),
    path("files/<str:key>", views.file, name="desk_file"),
    path("documents/<str:token>", documents.picture, name="desk_document_picture"),
    path("mail/", mailboxes.page, name="desk_mailboxes"),
    path("mail/held/<int:pk>/opening/", mailboxes.opening, name="desk_held_opening"),
    path("mail/held/<int:pk>/original.eml", mailboxes.original, name="desk_held_original"),
    path("mail/held/<int:pk>/fate/", mailboxes.fate, name="desk_held_fate"),
    path("mail/boxes/<int:pk>/missing/", mailboxes.missing, name="desk_missing"),
    path("mail/<str:reference>/<int:seq>/", mail.as_sent, name="desk_mail"),
    path("mail/<str:reference>/<int:seq>/original.eml", mail.original, name="desk_mail_original"),
    path("<str:reference>/", views.case, name="desk_case"),
    path("<str:reference>/_timeline.html", views.timeline_part, name="desk_timeline"),
    path("<str:reference>/_panel.html", views.panel_part, name="desk_panel"),
    path("<str:reference>/_colleagues.html", views.colleagues_part, name="desk_colleagues"),
    path("<str:reference>/_articles.html", articles.search_part, name="desk_articles"),
    path("<str:reference>/_suggested.html", articles.suggested_part, name="desk_suggested"),
    path("<str:reference>/replies/", acts.reply, name="desk_reply"),
    path("<str:reference>/assignment/", acts.assign, name="desk_assignment"),
    path("<str:reference>/state/", acts.state, name="desk_state"),
    path("<str:reference>/proof/", acts.proof, name="desk_proof"),
    path("<str:reference>/spam/", acts.mark_spam, name="desk_spam"),
    path("<str:reference>/asides/", acts.aside, name="desk_aside"),
    path("<str:reference>/_merge.html", joining.merge_part, name="desk_merge_part"),
    path("<str:reference>/_merged.html", joining.merged_part, name="desk_merged"),
    path("<str:reference>/_split.html", joining.split_part, name="desk_split_part"),
    path("<str:reference>/merge/", joining.merge, name="desk_merge"),
    path("<str:reference>/merge/decision/", joining.decide, name="desk_merge_decision"),
    path("<str:reference>/split/", joining.split, name="desk_split"),
    path("<str:reference>/triage/", triage.page, name="desk_triage"),
    path("<str:reference>/documents/", documents.page, name="desk_documents"),
    path("<str:reference>/documents/<int:pk>/withdrawal/", documents.withdrawal, name="desk_documents_withdrawal"),
    path("<str:reference>/documents/<int:pk>/decision/", documents.decision, name="desk_documents_decision"),
    path("<str:reference>/documents/<int:pk>/opening/", documents.opening, name="desk_document_opening"),
]
