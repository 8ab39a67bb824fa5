"""The pages of the site: the toolkit's under /o/, Django's own login, and a protected API."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from oauth2_provider.decorators import protected_resource, protected_resource_metadata
from oauth2_provider.urls import metadata_urlpatterns

PAGES = 3
PER_PAGE = 2


def me(request: HttpRequest) -> JsonResponse:
    person = request.resource_owner  # set by the toolkit
    return JsonResponse({"sub": person.get_username() if person else None})


def orders(request: HttpRequest) -> JsonResponse:
    page = int(request.GET.get("page", "1"))
    first = (page - 1) * PER_PAGE + 1
    following = request.build_absolute_uri(f"{request.path}?page={page + 1}")
    return JsonResponse(
        {
            "page": page,
            "orders": [{"id": n, "total": f"{n * 10}.00"} for n in (first, first + 1)],
            "next": following if page < PAGES else None,
        },
    )


refuses_with_401 = protected_resource_metadata(scopes=["read"])
# What the toolkit does unless told otherwise: an expired token is answered with a bare 403.
refuses_with_403 = protected_resource(scopes=["read"])

urlpatterns = [
    path("admin/", admin.site.urls),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("", include(metadata_urlpatterns)),
    path("api/me", refuses_with_401(me)),
    path("api/orders", refuses_with_401(orders)),
    path("api/forbidding/me", refuses_with_403(me)),
]
