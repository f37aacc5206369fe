"""The house rules: where files stand, what may import what, how large things grow, what is said and what is not."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import pytest

ROOT = Path(__file__).resolve().parents[1]
CODE = sorted((ROOT / "mmexp").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
CONF = ROOT / "conf"
CROSS_CUTTING = {
    "test_conformance.py",
    "test_doctest.py",
    "test_examples.py",
    "test_experiments.py",
    "test_grid.py",
    "test_layout.py",
    "test_lines.py",
    "test_own_kind.py",
    "test_packaging.py",
    "test_plugins.py",
    "test_properties.py",
    "test_readme.py",
    "test_settings.py",
    "test_vocabulary.py",
}
N = TypeVar("N", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef

STOREYS = """
    error
    contract run
    config weights
    search cache transform layer hardware scheduler decoding logger corruption
    analysis
    metric
    plot pool encoder augment attack loss sampler
    fusion missing dataset
    head method decoder
    masking
    task
    training
    runner inference
    launcher
    study
    deploy
    api cli
"""
"""The main parts from the ground up: one reaches only those on lines below it, through whatever stands between."""

LOOSE = {"", "__main__"}
"""The face of the package, and what ``python -m mmexp`` runs."""

PRIVATE = {
    "mmexp/config/hydra_defaults.py": "hydra",
    "mmexp/config/hydra_internal.py": "hydra",
    "mmexp/config/omegaconf_internal.py": "omegaconf",
    "mmexp/cli/_arguments.py": "argparse",
    "mmexp/cli/_exit.py": "atexit",
    "mmexp/search/optuna.py": "optuna",
    "mmexp/study/explain/method/lime.py": "captum",
    "mmexp/training/lightning_internal.py": "pytorch_lightning",
    "mmexp/training/model.py": "torch",
}
"""The file that uses what a library keeps private, by that library."""

UNAWARE = {
    "contract": ("pytorch_lightning", "omegaconf", "hydra", "transformers", "timm"),
    "transform": ("pytorch_lightning", "omegaconf", "hydra"),
    "encoder": ("pytorch_lightning", "omegaconf", "hydra", "torch.optim"),
    "pool": ("pytorch_lightning", "omegaconf", "hydra", "torch.optim"),
    "fusion": ("pytorch_lightning", "omegaconf", "hydra", "torch.optim"),
    "task": ("pytorch_lightning", "omegaconf", "hydra", "torch.optim", "pathlib", "os"),
    "dataset": ("pytorch_lightning", "omegaconf", "hydra", "torch.nn", "torch.optim"),
    "run": ("torch", "numpy", "pytorch_lightning", "omegaconf", "hydra"),
}
"""Libraries that a part has no business with."""

KNOWN = (
    r"(www[.])?(arxiv|doi|aclanthology|jmlr|jstor|w3|apache|cocodataset|mlflow|matplotlib)[.]org",
    r"proceedings[.]neurips[.]cc",
    r"github[.]com",
    r"(www|api)[.]wandb[.](com|ai)",
    r"([\w-]+[.])*example\b",
    r"x[.]org",
)
"""Hosts that a file may name."""

FORBIDDEN = {
    "a path of one machine": r"(?<![\w.~$}])/(root|work|mnt|Users)/\w|(?<![\w.~$}])/home/(?!me\b)\w",
    "an address of anything but papers, sources and examples": rf"https?://(?!{'|'.join(KNOWN)})[\w-]+([.][\w-]+)*[.][a-z]{{2,}}",
    "where packages come from": r"--(extra-)?index[-]url|/simple[/]",
    "work left over": r"\b(TO[D]O|FIX[M]E|XX[X])\b",
    "notes that are not part of the project": r"\b(DESIGN|FAULTS|BENCHMARKS|ARCHITECTURE)[.]md\b",
}
YEAR = re.compile(r"\b(19|20)\d\d\b")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def all_nodes(path: Path) -> dict[type[ast.AST], list[ast.AST]]:
    """Nodes of a file by their type: it is walked once for all tests."""
    found: dict[type[ast.AST], list[ast.AST]] = {}
    for node in ast.walk(tree(path)):
        found.setdefault(type(node), []).append(node)
    return found


def nodes(path: Path, *kinds: type[N]) -> Iterator[N]:
    return (node for kind, found in all_nodes(path).items() if issubclass(kind, kinds) for node in found)


def at(path: Path, node: ast.AST | int) -> str:
    return f"{path.relative_to(ROOT)}:{node if isinstance(node, int) else node.lineno}"


def none(found: list[str], rule: str) -> None:
    assert not found, f"{rule}:\n" + "\n".join(found)


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def part_of(module: str) -> str:
    return module.partition(".")[2].partition(".")[0]


def imported(path: Path, types: bool = True) -> Iterator[tuple[str, int]]:
    """Dotted names a file imports, with their lines; those that only types need may be left out."""
    skipped = set() if types else {id(inner) for node in nodes(path, ast.If) for inner in only_types(node)}
    for node in nodes(path, ast.Import, ast.ImportFrom):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((name.name, node.lineno) for name in node.names)
        else:
            yield from ((f"{node.module}.{name.name}", node.lineno) for name in node.names)


def only_types(node: ast.If) -> Iterator[ast.AST]:
    if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        yield from (inner for statement in node.body for inner in ast.walk(statement))


def below(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def public(path: Path, *kinds: type[N]) -> Iterator[N]:
    return (node for node in tree(path).body if isinstance(node, kinds) and not node.name.startswith("_"))


def constructor(node: ast.ClassDef) -> ast.FunctionDef | None:
    return next((f for f in node.body if isinstance(f, ast.FunctionDef) and f.name == "__init__"), None)


def parameters(function: Function) -> list[str]:
    given = function.args
    return [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs) if one.arg != "self"]


def components(*groups: str) -> list[tuple[Path, Path, ast.ClassDef]]:
    """YAMLs of some groups, of all if none is named, with the class of ours that each builds."""
    found = list(each_component(*groups))
    assert found and {yaml.relative_to(CONF).parts[0] for yaml, _, _ in found} >= set(groups)
    return found


def each_component(*groups: str) -> Iterator[tuple[Path, Path, ast.ClassDef]]:
    for yaml in sorted(CONF.rglob("*.yaml")):
        target = re.search(r"^_target_: (mmexp[\w.]+)[.](\w+)$", yaml.read_text(), re.MULTILINE)
        if target and (not groups or yaml.relative_to(CONF).parts[0] in groups):
            path = ROOT / f"{target[1].replace('.', '/')}.py"
            yield yaml, path, next(node for node in nodes(path, ast.ClassDef) if node.name == target[2])


def test_there_is_something_to_look_at():
    assert len(CODE) > 200 and len(TESTS) > 200


def test_every_module_has_its_test():
    wanted = {path.relative_to(ROOT / "mmexp").parent / f"test_{path.name}" for path in CODE if path.stem != "__init__"}
    there = {path.relative_to(ROOT / "tests") for path in TESTS}
    none(sorted(f"tests/{path}" for path in wanted - there), "A module has a test of its own, at the same place")


def test_every_test_has_its_module():
    wanted = {path.relative_to(ROOT / "mmexp") for path in CODE}
    wanted |= {path.relative_to(ROOT) for path in (ROOT / "scripts").rglob("*.py")}
    found = [path.relative_to(ROOT / "tests") for path in TESTS if path.name not in CROSS_CUTTING]
    lost = [f"tests/{path}" for path in found if path.with_name(path.name.removeprefix("test_")) not in wanted]
    none(lost, "A test stands where its module stands")


def named(path: Path) -> Iterator[tuple[str, int]]:
    """Dotted names of ours that stand in a text, with their lines: the file may import them, as ``import_module`` does.

    The bases in ``Slot(...)`` are left out. They say which class a component must inherit from, so they look up the
    house by design; ``instantiate`` only compares with them what a part above has asked it to build.
    """
    slots = [call for call in nodes(path, ast.Call) if isinstance(call.func, ast.Name) and call.func.id == "Slot"]
    bases = {id(inner) for call in slots for inner in ast.walk(call)}
    for node in nodes(path, ast.Constant):
        if id(node) not in bases and isinstance(node.value, str) and re.fullmatch(r"mmexp([.]\w+)+", node.value):
            yield node.value, node.lineno


def graph(whole: Callable[[str], str]) -> dict[str, dict[str, str]]:
    """What each part or module names of the others, with one place where it does; also for types alone, or in a text.

    The face of the package, ``mmexp/__init__.py``, is left out: it stands above all, and others read its version.

    Args:
        whole: Returns the part or the module that a dotted name belongs to; empty if to none.
    """
    found: dict[str, dict[str, str]] = {}
    for path in CODE:
        own = whole(module_of(path))
        for name, line in (*imported(path), *named(path)):
            other = whole(name) if name.startswith("mmexp.") and name != "mmexp.__version__" else ""
            if own and other and other != own:
                found.setdefault(own, {}).setdefault(other, at(path, line))
    return found


def module_in(name: str) -> str:
    """The module that a dotted name is, or lies in."""
    known = modules()
    while name not in known and name:
        name = name.rpartition(".")[0]
    return name if name != "mmexp" else ""


@cache
def modules() -> set[str]:
    return {module_of(path) for path in CODE}


def reached(edges: dict[str, dict[str, str]], start: str) -> dict[str, list[str]]:
    """Parts that one reaches, each with the places on the way."""
    ways: dict[str, list[str]] = {start: []}
    queue = [start]
    for part in queue:
        for other, place in edges.get(part, {}).items():
            if other not in ways:
                ways[other] = [*ways[part], place]
                queue.append(other)
    return ways


@pytest.mark.parametrize("whole", [part_of, module_in])
def test_imports_run_in_no_circle(whole: Callable[[str], str]):
    edges, ring = graph(cache(whole)), []
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as found:
        ring = [f"{other} names {one}: {edges[other][one]}" for one, other in pairwise(found.args[1])]
    none(ring, "Imports run in no circle, neither for types alone nor by a name in a text")


def test_imports_flow_one_way():
    edges, height = (
        graph(part_of),
        {part: i for i, line in enumerate(STOREYS.strip().splitlines()) for part in line.split()},
    )
    found = [
        f"{part} reaches {other} by {', '.join(way)}"
        for part in height
        for other, way in reached(edges, part).items()
        if way and height.get(other, -1) >= height[part]
    ]
    none(found, "A part reaches only what stands below it")


def test_what_has_a_storey_is_there():
    parts = {part_of(module) for module in modules()} - LOOSE
    none(sorted(set(STOREYS.split()) ^ parts), "Each part has a storey, each storey its parts")


def test_few_modules_stand_outside_the_parts():
    loose = sorted(path.name for path in (ROOT / "mmexp").glob("*.py"))
    none(loose if len(loose) > 6 else [], "A module lies in a part")


def test_private_names_of_a_library_stand_in_one_file():
    """A private name is ours if our code defines it; one that nothing of ours defines is a library's."""
    ours = {name for path in CODE for name in defined(path)}
    found = []
    for path in CODE:
        library = PRIVATE.get(str(path.relative_to(ROOT)), "")
        private = [(node.attr, node.lineno) for node in nodes(path, ast.Attribute) if is_private(node.attr)]
        found += [f"{at(path, line)} .{name}" for name, line in private if name not in ours and not library]
        for name, line in imported(path):
            top, *rest = name.split(".")
            if top not in ("mmexp", library) and any(map(is_private, rest)):
                found.append(f"{at(path, line)} imports {name}")
    none(found, "What a library keeps private is used in one file of ours, which PRIVATE names")


def test_each_file_that_uses_private_names_has_its_test():
    paths = [Path(name.replace("mmexp", "tests", 1)) for name in PRIVATE]
    lacking = [str(path) for path in paths if not (ROOT / path.with_name(f"test_{path.name}")).is_file()]
    none(lacking, "A test shows that the private names are still there")


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__") and name not in ("_asdict", "_replace", "_fields")


def defined(path: Path) -> Iterator[str]:
    """Names that a file gives to functions, classes, variables, attributes, or buffers by their text."""
    yield from (node.name for node in nodes(path, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    yield from (node.attr for node in nodes(path, ast.Attribute) if isinstance(node.ctx, ast.Store))
    yield from (node.id for node in nodes(path, ast.Name) if isinstance(node.ctx, ast.Store))
    yield from (node.value for node in nodes(path, ast.Constant) if isinstance(node.value, str))


def test_parts_do_not_know_libraries_that_are_not_their_business():
    found = []
    for path in CODE:
        foreign = UNAWARE.get(part_of(module_of(path)), ())
        found += [f"{at(path, line)} imports {name}" for name, line in imported(path) if below(name, *foreign)]
    none(found, "A part leaves alone what is not its business")


def test_run_reads_files_with_the_standard_library_alone():
    found = []
    for path in (ROOT / "mmexp/run").glob("*.py"):
        for name, line in imported(path):
            ours = name == "mmexp" or below(name, "mmexp.run", "mmexp.error", "mmexp.__version__")
            if not ours and name.partition(".")[0] not in sys.stdlib_module_names:
                found.append(f"{at(path, line)} imports {name}")
    none(found, "mmexp/run needs nothing but the standard library")


def test_files_have_at_most_250_lines():
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in CODE}
    none([f"{at(path, size)}" for path, size in sizes.items() if size > 250], "Look for the missing noun")


def test_functions_have_at_most_40_lines():
    found = []
    for path in CODE:
        for node in nodes(path, ast.FunctionDef, ast.AsyncFunctionDef):
            doc = node.body[0] if ast.get_docstring(node) else None
            said = doc.end_lineno - doc.lineno + 1 if doc else 0
            if (size := node.end_lineno - node.lineno + 1 - said) > 40:
                found.append(f"{at(path, node)} {node.name} has {size}")
    none(found, "A function has at most 40 lines, its docstring not counted")


def test_constructors_have_at_most_ten_arguments():
    found = []
    for path in CODE:
        for node in nodes(path, ast.ClassDef):
            if (init := constructor(node)) and len(parameters(init)) > 10:
                found.append(f"{at(path, init)} {node.name} has {len(parameters(init))}")
    none(found, "A constructor has at most 10 arguments beside self")


def test_components_take_keywords_only():
    found = []
    for _, path, node in components():
        init = constructor(node)
        if init and len(init.args.posonlyargs + init.args.args) > 1:
            found.append(f"{at(path, init)} {node.name}")
    none(sorted(set(found)), "A component's constructor begins with self, *")


def test_no_keywords_are_passed_through():
    found = []
    for path in CODE:
        for node in nodes(path, ast.FunctionDef, ast.AsyncFunctionDef):
            name = node.args.kwarg.arg if node.args.kwarg else None
            starred = [
                k.value for call in ast.walk(node) if isinstance(call, ast.Call) for k in call.keywords if not k.arg
            ]
            if name and any(isinstance(value, ast.Name) and value.id == name for value in starred):
                found.append(f"{at(path, node)} {node.name}(**{name})")
    none(found, "Arguments are named, not passed through")


def test_nothing_is_asserted_or_left_open():
    found = []
    for path in CODE:
        found += [f"{at(path, node)} assert" for node in nodes(path, ast.Assert)]
        found += [f"{at(path, n)} {n.id}" for n in nodes(path, ast.Name) if n.id == "NotImplementedError"]
    none(found, "An error is raised for a reason that a user can read")


def test_every_module_has_a_name_that_says_what_is_in_it():
    vague = {"util", "utils", "helper", "helpers", "common", "misc", "tools"}
    ours = [path for path in (*CODE, *TESTS) if not path.is_relative_to(ROOT / "tests/scripts")]
    places = {part for path in ours for part in path.relative_to(ROOT).with_suffix("").parts}
    none(sorted(place for place in places if place.removeprefix("test_").strip("_") in vague), "A module has a subject")


def test_public_classes_and_functions_say_what_they_are():
    found = []
    for path in CODE:
        named = [node for node in public(path, ast.ClassDef, ast.FunctionDef) if not ast.get_docstring(node)]
        found += [f"{at(path, node)} {node.name}" for node in named]
        found += [] if ast.get_docstring(tree(path)) else [at(path, 1)]
    none(found, "A docstring says what it is")


def test_a_docstring_names_the_arguments_that_there_are():
    found = []
    for path in CODE:
        for node in nodes(path, ast.ClassDef):
            section = re.search(r"^Args:\n((?:[ ]{4,}.*\n?|\n)+)", ast.get_docstring(node) or "", re.MULTILINE)
            init = constructor(node)
            if section and init:
                told = re.findall(r"^ {4}(\w+):", section[1], re.MULTILINE)
                if told != parameters(init):
                    found.append(f"{at(path, node)} {node.name} tells {told}, takes {parameters(init)}")
    none(found, "A docstring names each argument of the constructor, in order")


@pytest.mark.parametrize("group", ["encoder", "fusion", "task"])
def test_components_name_their_source(group: str):
    lacking = {f"{at(path, n)} {n.name}" for _, path, n in components(group) if not says_source(n)}
    none(sorted(lacking), "A docstring has a line 'Source: ...'")


@pytest.mark.parametrize("group", ["dataset", "method", "pool", "scheduler"])
def test_what_its_yaml_ascribes_to_a_paper_names_its_source(group: str):
    found = components(group)
    lacking = [at(path, n) for yaml, path, n in found if YEAR.search(opening(yaml)) and not says_source(n)]
    none(lacking, "A docstring has a line 'Source: ...'")


def opening(yaml: Path) -> str:
    return yaml.read_text(encoding="utf-8").partition("\n")[0]


def says_source(node: ast.ClassDef) -> bool:
    return bool(re.search(r"^Source: \S", ast.get_docstring(node) or "", re.MULTILINE))


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("this is not a git checkout")
    found = [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]
    assert {*CODE, *TESTS} <= {*found}
    return found


@pytest.mark.parametrize("fault", FORBIDDEN)
def test_no_tracked_file_holds(fault: str):
    pattern, found = re.compile(FORBIDDEN[fault]), []
    for path in tracked():
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        found += [f"{at(path, i)} {line.strip()}" for i, line in enumerate(lines, 1) if pattern.search(line)]
    none(found, f"No file holds {fault}")


@pytest.mark.parametrize(
    ("rule", "code", "broken"),
    [
        (test_nothing_is_asserted_or_left_open, "assert True", "made_up.py:1 assert"),
        (test_imports_flow_one_way, "import mmexp.cli.train", "fusion reaches cli by mmexp/fusion/made_up.py:1"),
        (test_parts_do_not_know_libraries_that_are_not_their_business, "import torch.optim", "torch.optim"),
        (test_no_keywords_are_passed_through, "def f(**kw):\n    return g(**kw)", r"f\(\*\*kw\)"),
        (test_functions_have_at_most_40_lines, "def f():\n" + "    x = 1\n" * 40, "f has 41"),
        (
            test_constructors_have_at_most_ten_arguments,
            "class A:\n def __init__(self, a,b,c,d,e,f,g,h,i,j,k): ...",
            "11",
        ),
        (test_public_classes_and_functions_say_what_they_are, "def f(): ...", "made_up.py:1 f"),
        (test_files_have_at_most_250_lines, "x = 1\n" * 251, "made_up.py:251"),
        (
            test_a_docstring_names_the_arguments_that_there_are,
            'class A:\n    """A.\n\n    Args:\n        b: B.\n    """\n    def __init__(self, c): ...',
            r"A tells \['b'\], takes \['c'\]",
        ),
    ],
    ids=lambda value: value.__name__.removeprefix("test_") if callable(value) else "",
)
def test_a_rule_sees_a_file_that_breaks_it(
    rule: Callable[[], None], code: str, broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "mmexp/fusion/made_up.py"
    path.parent.mkdir(parents=True)
    path.write_text(code)
    for name, value in {"ROOT": tmp_path, "CODE": [path]}.items():
        monkeypatch.setitem(rule.__globals__, name, value)
    with pytest.raises(AssertionError, match=broken):
        rule()
