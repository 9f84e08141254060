"""A tiny area with a wizard and a list, as URL configuration for tests of the components."""

from django import forms
from django.http import HttpResponse
from django.urls import include, path, reverse

from console.components import tables, wizards
from console.components.flashes import flash
from console.components.forms import errors_on
from console.components.htmx import redirect_to, render_page
from console.components.tables import Column, Filter, Page, Table
from console.components.tags import TagEditor
from console.components.wizards import Step, StepForm, Wizard
from iam.errors import IamError

NAMES = [f"user-{number:02}" for number in range(50)]
TABLE = Table(
    area="example",
    columns=(
        Column("name", "User name", is_sortable=True, is_fixed=True),
        Column("age", "Age", is_sortable=True),
        Column("path", "Path", is_default=False),
    ),
    filters=(Filter("state", "State", (("", "All"), ("old", "Old"))),),
    page_sizes=(10, 20),
)


class NameForm(StepForm):
    name = forms.CharField(max_length=8)


class TagsForm(StepForm):
    team = forms.CharField(max_length=8)

    @property
    def editor(self):
        return TagEditor.from_post(self.data) if self.is_bound else TagEditor()


class ReviewForm(StepForm):
    pass


WIZARD = Wizard(
    name="example",
    title="Create thing",
    submit="Create thing",
    steps=(
        Step("name", "Name the thing", NameForm, "example/step.html"),
        Step("tags", "Tag the thing", TagsForm, "example/step.html"),
        Step("review", "Review and create", ReviewForm, "example/step.html"),
    ),
    step_url="example:step",
    cancel_url="example:list",
    result="Retrieve secret",
)
created = []


def finish(run, form):
    with errors_on(form):
        name = run.form("name").cleaned_data["name"]
        if name == "taken":
            raise IamError("EntityAlreadyExists", "The name taken exists already.", parameter="Name")
        run.close()
        created.append(name)
        flash(run.request, "success", f"{name} created.")
        return redirect_to(run.request, reverse("example:list"))
    return None


def begin(request):
    return wizards.start(request, WIZARD)


def step(request, draft, step):
    return wizards.run_step(request, WIZARD, draft, step, finish=finish)


def show_list(request):
    query = TABLE.read(request)
    names = [name for name in NAMES if query.search in name]
    if query.cursor and query.cursor.is_backwards:
        rows = [name for name in reversed(names) if name < query.cursor.key[0]]
    elif query.cursor:
        rows = [name for name in names if name > query.cursor.key[0]]
    else:
        rows = names
    page = Page(TABLE, query, rows[: query.limit], key=lambda name: [name], total=len(NAMES), matches=len(names))
    return render_page(request, "example/list.html", "example/_table.html", {"page": page}, say=page.announcement)


def list_preferences(request):
    return tables.preferences(request, TABLE, "Things", reverse("example:list"))


def change_status(request, id):
    return HttpResponse(id)


example = (
    [
        path("", show_list, name="list"),
        path("preferences/", list_preferences, name="preferences"),
        path("create/", begin, name="create"),
        path("create/<uuid:draft>/<slug:step>/", step, name="step"),
    ],
    "example",
)
changes = (
    [path("", change_status, {"id": ""}, name="list"), path("status/<str:id>/", change_status, name="status")],
    "changes",
)
urlpatterns = [
    path("things/", include(example)),
    path("changes/", include(changes)),
    path("", include("console.components.urls")),
]
