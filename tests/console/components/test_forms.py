from typing import ClassVar

import pytest
from django import forms
from django.http import QueryDict

from console.components.fields import Option, Password, Tiles, TypedConfirmation
from console.components.forms import ConsoleForm, errors_on
from console.components.tags import MOST, TagEditor
from iam.errors import IamError
from tests.console.components.rendering import render


class ExampleForm(ConsoleForm):
    constraints: ClassVar = {"name": "Up to 64 characters."}
    parameter_fields: ClassVar = {"UserName": "name"}

    name = forms.CharField(label="User name", help_text="The name people sign in with.")
    path = forms.CharField(label="Path", required=False)
    password = forms.CharField(label="Password", required=False, widget=Password)
    console = forms.BooleanField(label="Console access", required=False)
    kind = forms.ChoiceField(
        label="Kind", required=False, widget=Tiles, choices=[("iam", Option("IAM user", "For <b>people</b>.", "New"))]
    )


def test_field_names_what_describes_it():
    html = str(ExampleForm().fields and ExampleForm()["name"].as_field_group())

    assert 'aria-describedby="id_name-description id_name-constraint"' in html
    assert '<p class="description" id="id_name-description">The name people sign in with.</p>' in html
    assert '<p class="constraint" id="id_name-constraint">Up to 64 characters.</p>' in html
    assert 'class="input"' in html
    assert "optional" not in html


def test_field_in_error_says_so_to_everyone():
    html = str(ExampleForm({"name": ""})["name"].as_field_group())

    assert 'aria-invalid="true"' in html
    assert 'id="id_name-error"' in html
    assert "This field is required." in html


def test_field_that_is_not_required_is_optional():
    form = ExampleForm()

    assert "– optional" in form["path"].as_field_group()
    assert "– optional" not in form["console"].as_field_group()


def test_tiles_show_descriptions_escaped():
    html = str(ExampleForm()["kind"].as_field_group())

    assert "<fieldset" in html
    assert "<legend>Kind" in html
    assert "For &lt;b&gt;people&lt;/b&gt;." in html
    assert '<span class="badge badge-green">New</span>' in html


def test_password_is_never_sent_back():
    html = str(ExampleForm({"name": "a", "password": "hunter22"})["password"].as_field_group())

    assert "hunter22" not in html
    assert 'data-reveal="id_password"' in html


def refuse(form, parameter):
    form.is_valid()
    with errors_on(form):
        raise IamError("EntityAlreadyExists", "User with name bob already exists.", parameter=parameter)


def test_refusal_lands_on_the_field_of_its_parameter():
    form = ExampleForm({"name": "bob"})

    refuse(form, "UserName")

    assert form.errors["name"] == ["User with name bob already exists."]


def test_refusal_finds_a_field_by_the_parameters_name():
    form = ExampleForm({"name": "bob"})

    refuse(form, "Path")

    assert form.errors["path"] == ["User with name bob already exists."]


def test_refusal_without_a_field_stands_above_the_buttons():
    form = ExampleForm({"name": "bob"})

    refuse(form, "PolicyArn")

    html = render("{% form_errors form 'The user was not created' %}", form=form)
    assert "<code>EntityAlreadyExists</code>: User with name bob already exists." in html
    assert "The user was not created" in html


def test_other_exceptions_pass_errors_on():
    try:
        with errors_on(ExampleForm({"name": "bob"})):
            raise KeyError("name")
    except KeyError:
        return
    raise AssertionError("the exception was swallowed")


class ConfirmForm(ConsoleForm):
    confirm = TypedConfirmation("jenkins-legacy", label="To confirm, enter the name")


def test_typed_confirmation_counts_case_and_blanks():
    assert ConfirmForm({"confirm": "jenkins-legacy"}).is_valid()
    for wrong in ("Jenkins-legacy", "jenkins-legacy ", " jenkins-legacy", ""):
        assert not ConfirmForm({"confirm": wrong}).is_valid()


def test_tag_editor_reads_rows():
    editor = TagEditor.from_post(QueryDict("tag-key=team&tag-value=blue&tag-key=env&tag-value="))

    assert editor.is_valid()
    assert not editor.is_rearranged
    assert editor.tags == [{"Key": "team", "Value": "blue"}, {"Key": "env", "Value": ""}]


def test_tag_editor_adds_a_row_without_script():
    editor = TagEditor.from_post(QueryDict("tag-key=team&tag-value=blue&add-tag=1"))

    assert editor.is_rearranged
    assert [row.key for row in editor.rows] == ["team", ""]
    assert "autofocus" in render("{% tag_editor editor %}", editor=editor)


def test_tag_editor_removes_the_row_of_the_button():
    editor = TagEditor.from_post(QueryDict("tag-key=a&tag-value=1&tag-key=b&tag-value=2&remove-tag-0=1"))

    assert editor.is_rearranged
    assert [row.key for row in editor.rows] == ["b"]


def test_tag_editor_stops_at_the_limit():
    full = "&".join(f"tag-key=k{number}&tag-value=" for number in range(MOST))

    editor = TagEditor.from_post(QueryDict(full + "&add-tag=1"))

    assert len(editor.rows) == MOST
    assert "Add new tag" not in render("{% tag_editor editor %}", editor=editor)


def test_tag_editor_finds_keys_that_differ_only_in_case():
    editor = TagEditor.of([{"Key": "cost-center", "Value": "1"}, {"Key": "Cost-Center", "Value": "2"}])

    assert not editor.is_valid()
    assert "exists already as cost-center" in editor.rows[1].error


@pytest.mark.parametrize(
    "pair", ["tag-key=team&tag-value=<b>", "tag-key=a;b&tag-value=", f"tag-key={'k' * 129}&tag-value="]
)
def test_tag_editor_says_beside_the_row_which_characters_tags_have(pair):
    editor = TagEditor.from_post(QueryDict(f"tag-key=env&tag-value=&{pair}"))

    assert not editor.is_valid()
    assert [bool(row.error) for row in editor.rows] == [False, True]
    assert "letters, numbers, spaces" in editor.rows[1].error


def test_long_value_is_refused_in_words_instead_of_cut_by_the_browser():
    class Short(ConsoleForm):
        name = forms.CharField(max_length=3)

    form = Short({"name": "four"})

    assert not form.is_valid()
    assert "at most 3 characters" in form.errors["name"][0]
    assert "maxlength" not in form.as_p()
