"""Modules in one file: what is imported from outside, what stays apart, what comes once."""

import pytest

from service.module_bundle import ModuleBundle

SOURCES = {
    "app.js": 'import { html } from "./vendor/library.js";\nimport { twice, LEAST } from "./core/sums.js";\n'
    'import Main from "./views/main.js";\nconst hidden = 1;\n'
    "export const ROUTES = [Main, twice(LEAST), html, hidden];\n",
    "core/sums.js": "const hidden = 2; // of its own\nexport const LEAST = 3;\nexport function twice(value) "
    "{ return hidden * value; }\nexport class Sum {}\nexport async function later() { return 1; }\n",
    "views/main.js": 'import { twice } from "../core/sums.js";\nexport default function Main() { return twice(4); }\n',
    "views/other.js": 'import { LEAST, twice } from "../core/sums.js";\nimport { part } from "./part.js";\n'
    "export default () => twice(LEAST) + part;\n",
    "views/part.js": "export const part = 1;\n",
    "vendor/library.js": "export const html = 7;\n",
}


@pytest.fixture
def bundle() -> ModuleBundle:
    return ModuleBundle("app.js", SOURCES.__getitem__)


def test_a_module_comes_behind_those_that_it_imports_and_once(bundle) -> None:
    """Libraries stay files of their own."""
    assert bundle.members == ["core/sums.js", "views/main.js", "app.js"]
    text = bundle.text("app.js")
    assert text.startswith('import * as _vendor_library from "./vendor/library.js";\n')
    assert text.count("function twice") == 1
    assert text.endswith(
        "export { $LEAST as LEAST, $ROUTES as ROUTES, $Sum as Sum, $later as later, $twice as twice };\n"
    )


def test_whatever_is_outside_is_led_to_the_bundle(bundle) -> None:
    """And what is in it, to itself."""
    assert bundle.text("views/other.js").splitlines()[:2] == [
        'import { LEAST, twice } from "../app.js";', 'import { part } from "./part.js";',
    ]  # fmt: skip
    assert bundle.text("core/sums.js") == 'export * from "../app.js";\n'
    assert bundle.text("views/part.js") == SOURCES["views/part.js"]


def test_names_of_two_modules_do_not_meet(bundle) -> None:
    """Each module is a function, so that both have a `hidden` of their own."""
    before, _, after = bundle.text("app.js").partition("const _app = (() => {\n")
    assert "const hidden = 2;" in before
    assert "const hidden = 1;" in after
    assert before.count("(() => {\n") == before.count("})();\n") == 2
