"""The pages' addresses under a firm."""

from __future__ import annotations

from allauth.mfa.base.views import authenticate as mfa_authenticate
from django.urls import path
from django.views.decorators.http import require_http_methods

from vestibule.web.door import open_to_all
from vestibule.web.views import companies, home, inbox, places, session, users, welcome, wizard

as_a_form = require_http_methods(["GET", "HEAD", "POST"])  # allauth's view would take a PUT too

USER_ACTS = ("validate", "send_welcome", "resend", "cancel_invitation", "deactivate", "reactivate")

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", session.sign_in, name="account_login"),
    path("sign-in/code/", open_to_all(as_a_form(mfa_authenticate)), name="mfa_authenticate"),
    path("sign-out/", session.sign_out, name="account_logout"),
    path("language/", session.choose_language, name="own_language"),
    path("forgotten/", session.forgotten, name="forgotten"),
    path("reset/<str:secret>/", session.reset, name="reset"),
    path("welcome/fresh/", welcome.welcome_fresh, name="welcome_fresh"),
    path("welcome/<str:secret>/", welcome.welcome, name="welcome"),
    path("users/", users.users, name="users"),
    path("users/new/", wizard.new, name="user_new"),
    path("users/new/<uuid:draft>/<slug:step>/", wizard.step, name="user_wizard"),
    path("users/<uuid:pk>/", users.user, name="user"),
    path("users/<uuid:pk>/type/<uuid:place>/", users.change_type, name="user_type"),
    *(
        path(
            f"users/<uuid:pk>/{act.replace('_', '-')}/",
            users.act,
            {"act": act},
            name=f"user_{act}",
        )
        for act in USER_ACTS
    ),
    path("companies/", companies.companies, name="companies"),
    path("companies/new/", companies.company_new, name="company_new"),
    path("companies/<uuid:pk>/", companies.company, name="company"),
    path("places/<uuid:pk>/rename/", places.rename, name="place_rename"),
    path("places/<uuid:pk>/move/", places.move, name="place_move"),
    path("places/<uuid:pk>/close/", places.close, name="place_close"),
    path("places/<uuid:pk>/reopen/", places.reopen, name="place_reopen"),
    path("places/<uuid:pk>/add/", places.add, name="place_add"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/<uuid:pk>/", inbox.message, name="inbox_message"),
    path("inbox/<uuid:pk>/html/", inbox.html, name="inbox_html"),
]
