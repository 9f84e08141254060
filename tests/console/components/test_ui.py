from datetime import timedelta
from pathlib import Path

import pytest
from django.template import TemplateSyntaxError
from django.utils import timezone

from console.components.templatetags.ui import register
from iam.errors import IamError
from tests.console.components.rendering import render

DOCUMENTATION = Path(__file__).resolve().parents[3] / "docs" / "components.md"
ATTACK = "<script>alert(1)</script>"


@pytest.mark.parametrize(
    "source",
    [
        "{% badge value %}",
        '{% status "success" value %}',
        '{% copy value "ARN" %}',
        '{% secret value "password" "id" %}',
        "{% container value %}{% endcontainer %}",
        '{% container "x" description=value counter=value id=value %}{% endcontainer %}',
        "{% page_header value counter=value %}{{ value }}{% endpage_header %}",
        "{% crumb value value %}",
        "{% key_values %}{% value value value %}{{ value }}{% endvalue %}{% endkey_values %}",
        "{% empty value value %}{% endempty %}",
        '{% alert "error" value %}{{ value }}{% endalert %}',
        "{% button_link value value about=value %}",
        "{% modal value action=value submit=value cancel=value %}{{ value }}{% endmodal %}",
        "{% menu value value %}{{ value }}{% endmenu %}",
        "{% table_region value %}{{ value }}{% endtable_region %}",
        "{% select_row value value value %}",
        "{% policy_document value value %}",
        "{{ value|or_none }}{{ value|breakable }}",
    ],
)
def test_component_escapes_its_values(source):
    html = render(source, value=f'"{ATTACK}')

    assert "<script>" not in html
    assert "&quot;" in html or "&lt;script&gt;" in html


@pytest.mark.parametrize(
    "source",
    [
        "{% containr 'x' %}{% endcontainr %}",
        "{% container 'x' headng='y' %}{% endcontainer %}",
        "{% badge %}",
        "{% copy 'x' %}",
        "{{ x|agee }}",
    ],
)
def test_typo_is_refused_when_the_template_compiles(source):
    with pytest.raises(TemplateSyntaxError):
        render(source)


@pytest.mark.parametrize(
    "source",
    [
        "{% icon 'refrsh' %}",
        "{% status 'sucess' 'Active' %}",
        "{% badge 'x' 'purple' %}",
        "{% alert 'danger' %}{% endalert %}",
        "{% button_link '#' 'x' 'primry' %}",
    ],
)
def test_unknown_kind_is_refused(source):
    with pytest.raises(TemplateSyntaxError):
        render(source)


def test_actions_stand_in_the_header():
    html = render('{% container "Users" %}{% actions %}<a>Create user</a>{% endactions %}<p>Body</p>{% endcontainer %}')

    header, _, body = html.partition("</header>")
    assert "<a>Create user</a>" in header
    assert "<p>Body</p>" in body
    assert "<!--" not in html


def test_actions_stay_with_the_container_they_belong_to():
    html = render(
        '{% container "Outer" %}{% actions %}A{% endactions %}'
        '{% container "Inner" %}x{% endcontainer %}{% endcontainer %}'
    )

    assert html.index('<div class="actions">A</div>') < html.index("<h2>Inner")


def test_container_can_be_the_pages_heading():
    html = render('{% container "Users" counter=12 level=1 %}{% endcontainer %}')

    assert "<h1>Users" in html
    assert 'data-counter="12"' in html


def test_directed_icon_turns_round_for_right_to_left():
    assert "icon-mirrored" in render('{% icon "chevron-right" %}')
    assert "icon-mirrored" not in render('{% icon "refresh" %}')


@pytest.mark.parametrize(
    ("days", "words"), [(0, "Today"), (1, "Yesterday"), (12, "12 days ago"), (1204, "1,204 days ago")]
)
def test_age_reads_as_in_the_console(days, words):
    html = render("{{ moment|age }}", moment=timezone.now() - timedelta(days=days))

    assert f">{words}</time>" in html


def test_age_of_nothing_says_what_the_page_says():
    assert render('{{ moment|age:"Never" }}', moment=None) == '<span class="muted">Never</span>'


def test_when_carries_the_exact_time():
    moment = timezone.datetime(2023, 5, 11, 14, 7, tzinfo=timezone.get_default_timezone())

    html = render("{{ moment|when }}", moment=moment)

    assert "May 11, 2023, 14:07 (UTC+00:00)" in html
    assert 'datetime="2023-05-11T14:07:00+00:00"' in html


def test_account_id_is_grouped():
    assert render("{{ id|grouped }}", id="123456789012") == "1234-5678-9012"


def test_arn_breaks_after_separators():
    html = render("{{ arn|breakable }}", arn="arn:aws:iam::123456789012:user/bob")

    assert html == "arn:<wbr>aws:<wbr>iam::<wbr>123456789012:<wbr>user/<wbr>bob"


def test_empty_value_says_none():
    html = render('{% key_values %}{% value "Path" %} {% endvalue %}{% endkey_values %}')

    assert '<dd><span class="muted">None</span></dd>' in html


def test_access_denied_shows_the_message():
    error = IamError("AccessDenied", "User: arn:aws:iam::1:user/bob is not authorized to perform: iam:ListUsers")

    html = render("{% access_denied error %}", error=error)

    assert "Access denied" in html
    assert "is not authorized to perform: iam:ListUsers" in html


def test_policy_document_colours_what_matters():
    html = render(
        "{% policy_document text 'Policy' %}",
        text='{"Effect":"Deny","Resource":"*","Action":"s3:Get*","Name":"${aws:username}","Yes":true,"Days":90}',
    )

    assert '<span class="tok-deny">&quot;Deny&quot;</span>' in html
    assert '<span class="tok-wildcard">&quot;*&quot;</span>' in html
    assert '<span class="tok-propertyName">&quot;Effect&quot;</span>:' in html
    assert '<span class="tok-variable">${aws:username}</span>' in html
    assert '<span class="tok-number">90</span>' in html


def test_policy_document_points_at_lines():
    html = render("{% policy_document text 'Policy' hits=hits %}", text="{\n}\n", hits=[2])

    assert html.count("is-hit") == 1


@pytest.mark.parametrize("name", sorted({*register.tags, *register.filters} - {"control", "described"}))
def test_component_is_documented(name):
    text = DOCUMENTATION.read_text()

    assert f"{{% {name} " in text or f"{{% {name} %" in text or f"\\|{name}" in text


@pytest.mark.parametrize("name", sorted({*register.tags} - {"control", "wizard_steps"}))
def test_component_is_in_the_gallery(name):
    pages = (DOCUMENTATION.parents[1] / "templates" / "gallery").glob("*.html")
    shared = "table_tools" if name == "pager" else name

    assert any(f"{{% {shared} " in page.read_text() for page in pages)
