"""Addresses of log-in, account and language; included at the root of the site."""

from __future__ import annotations

from django.urls import path

from ortoo.site import language
from ortoo.site.accounts import own, views

urlpatterns = [
    path("login/", views.log_in, name="login"),
    path("login/code/", views.log_in_code, name="login-code"),
    path("logout/", views.log_out, name="log-out"),
    path("recover/", views.recover, name="recover"),
    path("account/", own.account, name="account"),
    path("account/password/", own.password, name="password"),
    path("account/second-factor/", own.second_factor_setup, name="second-factor"),
    path("account/issue-code/", own.issue_code, name="issue-code"),
    path("demo/login/", views.demo_login, name="demo-switch"),
    path("demo/login/<str:login>/", views.demo_login, name="demo-login"),
    path("language/", language.choose, name="set_language"),
]
