"""Addresses of sign-in and of the person's own pages."""

from django.urls import path

from accounts import totp, views

app_name = "accounts"

urlpatterns = [
    path("sign-in/", views.SignInView.as_view(), name="sign_in"),
    path("sign-in/signature/", views.SignInBySignatureView.as_view(), name="sign_in_by_signature"),
    path("sign-in/signature/bytes/", views.bytes_to_sign, name="bytes_to_sign"),
    path("sign-in/code/", totp.code, name="code"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("language/", views.choose_language, name="language"),
    path("organisation/", views.choose_organisation, name="organisation"),
    path("profile/", views.profile, name="profile"),
    path("profile/password/", views.change_password, name="password"),
    path("profile/code/", totp.set_up, name="set_up_code"),
]
