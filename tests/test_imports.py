"""The rules of the house, read from the source: who imports whom, and that no import does work."""

import ast
import re
from functools import cache

import pytest
from conftest import ROOT

from recipes import catalog

PACKAGES = ("data_prep", "recipes", "visualize")
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}
PAGES = {page.module: page for page in catalog.pages()}

# What may be called while a module is imported, apart from classes: it only makes a value.
HARMLESS_CALLS = {
    "LinearSegmentedColormap.from_list",
    "Path(__file__).resolve",
    "datetime.date",
    "dict.fromkeys",
    "field",
    "frozenset",
    "len",
    "np.diag",
    "range",
    "re.compile",
    "set",
    "tuple",
    "zip",
}


@cache
def tree(module):
    return ast.parse(FILES[module].read_text(encoding="utf-8"))


def imports_of(module):
    """The modules of ours that a file imports, also inside its functions."""
    found = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}, line {node.lineno}: imports here are absolute"
            submodules = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (submodules & set(FILES)) or {node.module}
    return {name for name in found if name in FILES}


@cache
def arrows():
    """{module: modules of ours that it imports}."""
    return {module: imports_of(module) for module in FILES}


def circles():
    """Groups of files that import each other, by Tarjan's algorithm."""
    index, low, stack, found = {}, {}, [], []

    def visit(module):
        index[module] = low[module] = len(index)
        stack.append(module)
        for other in arrows()[module]:
            if other not in index:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], index[other])

        if low[module] == index[module]:
            place = stack.index(module)
            group = stack[place:]
            del stack[place:]
            if len(group) > 1 or module in arrows()[module]:
                found.append(sorted(group))

    for module in FILES:
        if module not in index:
            visit(module)
    return found


def test_the_source_is_found():
    assert len(FILES) > 100
    assert len(PAGES) >= 38
    assert sum(map(len, arrows().values())) > 100


def test_arrows_between_packages_go_one_way():
    allowed = {"recipes": set(PACKAGES), "data_prep": {"data_prep"}, "visualize": {"visualize"}}
    wrong = [
        f"{module} imports {other}"
        for module, others in arrows().items()
        for other in others
        if other.split(".")[0] not in allowed[module.split(".")[0]]
    ]
    assert wrong == []


def test_no_two_files_import_each_other():
    assert circles() == []


def test_nothing_but_a_page_imports_a_page():
    wrong = [
        f"{module} imports {other}"
        for module, others in arrows().items()
        for other in others & set(PAGES)
        if module not in PAGES
    ]
    assert wrong == []


@pytest.mark.parametrize("module", PAGES)
def test_a_page_imports_from_no_page_but_the_one_it_differs_from(module):
    differs = re.findall(r"^Differs from (\w+):", ast.get_docstring(tree(module)), re.M)
    assert len(differs) <= 1
    known = {page.name for page in PAGES.values()}
    assert set(differs) <= known
    assert {PAGES[other].name for other in arrows()[module] & set(PAGES)} <= set(differs)


def test_a_file_imports_no_private_name_of_another():
    wrong = [
        f"{module} imports {node.module}.{alias.name}"
        for module in FILES
        for node in ast.walk(tree(module))
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] in PACKAGES
        for alias in node.names
        if alias.name.startswith("_") and not alias.name.startswith("__")
    ]
    assert wrong == []


def statements_at_import(body):
    """The statements that run while a module is imported; classes are looked into."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from statements_at_import(node.body)
        elif not isinstance(node, (ast.FunctionDef, ast.Import, ast.ImportFrom)):
            yield node


def calls_outside_lambdas(node):
    if isinstance(node, ast.Call):
        yield node
    if not isinstance(node, ast.Lambda):
        for child in ast.iter_child_nodes(node):
            yield from calls_outside_lambdas(child)


@pytest.mark.parametrize("module", FILES)
def test_nothing_runs_at_import(module):
    for node in statements_at_import(tree(module).body):
        where = f"{module}, line {node.lineno}"
        if isinstance(node, ast.If):
            assert ast.unparse(node.test) == "__name__ == '__main__'", where
            continue
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        assert docstring or isinstance(node, (ast.Assign, ast.AnnAssign)), where
        if isinstance(node, ast.Assign):
            targets = [part for target in node.targets for part in ast.walk(target)]
            assert not any(isinstance(part, (ast.Attribute, ast.Subscript)) for part in targets)

        for call in calls_outside_lambdas(node):
            name = ast.unparse(call.func)
            makes_an_object = name.split(".")[-1][0].isupper()
            assert makes_an_object or name in HARMLESS_CALLS, f"{where} calls {name}"
