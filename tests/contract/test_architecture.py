"""The import table of the house: who may import whom. Nothing else is allowed."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARED = {
    "schedules",
    "check",
    "files",
    "archive",
    "metric_names",
    "weight_names",
    "fields",
    "registration",
    "csv_header",
    "foreign",
    "printable",
    "quiet_start",
    "randomness",
    "applications",
}
# rooms whose table of components, and nothing else of them, is read from below by these
READS_OPTIONS = {"config", "factories"}
WITH_OPTIONS = {
    "regularizers", "optimizers", "layers", "models", "augment", "data", "training", "loggers",
}  # fmt: skip
TABLES = [[room, "options"] for room in WITH_OPTIONS] + [
    ["data", "source_options"],
    ["training", "stop_options"],
]
KERAS_SHARED = {
    "private_keras",
    "untracked",
    "silent_distribution",
    "gradients",
    "measured",
    "lora",
}  # for every room that may import keras
ROOMS_THAT_BUILD = {
    "regularizers", "optimizers", "layers", "augment", "models", "data", "callbacks", "surgery",
    "loggers",
}  # fmt: skip
APP_PARTS = {
    "training", "runs", "data", "callbacks", "diagnostics", "surgery", "config", "optimizers",
    "pages",
}  # fmt: skip
MAY_IMPORT = {
    "check": set(),
    "schedules": set(),
    "fields": set(),
    "registration": set(),
    "files": set(),
    "archive": set(),
    "metric_names": set(),
    "weight_names": set(),
    "csv_header": set(),
    "foreign": set(),
    "printable": set(),
    "quiet_start": set(),
    "randomness": set(),
    "applications": set(),
    "private_keras": set(),
    "untracked": set(),
    "silent_distribution": set(),
    "gradients": set(),
    "measured": {"private_keras"},
    "lora": {"private_keras"},
    "regularizers": set(),
    "layers": set(),
    "augment": set(),
    "diagnostics": set(),
    "data": set(),
    "runs": set(),
    "pages": {"diagnostics"},
    "tensorboard": {"diagnostics", "pages"},
    "loggers": {"diagnostics", "pages", "tensorboard"},
    "optimizers": {"regularizers"},
    "surgery": {"regularizers", "layers"},
    "models": {"layers"},
    "measuring": {"diagnostics"},
    "calibrating": {"diagnostics", "measuring", "surgery"},
    "callbacks": {"diagnostics", "loggers", "measuring", "optimizers"},
    "fitting": {"callbacks", "diagnostics", "pages", "surgery"},
    "searching": {
        "callbacks", "data", "fitting", "layers", "measuring", "optimizers", "pages",
        "regularizers", "runs", "surgery", "sweeps",
    },  # fmt: skip
    "config": set(),  # and the options of rooms
    "factories": ROOMS_THAT_BUILD | {"config"},
    "training": ROOMS_THAT_BUILD
    | {
        "calibrating", "config", "diagnostics", "factories", "measuring", "pages", "prediction",
        "runs", "scoring",
    },  # fmt: skip
    "scoring": {"diagnostics"},
    "prediction": {"data", "diagnostics", "layers", "pages", "runs", "scoring", "surgery"},
    "exporting": {"data", "prediction"},
    "sweeps": {"config", "runs", "diagnostics", "pages"},
    "cli": APP_PARTS | {"exporting", "sweeps", "launch", "prediction"},
    "sklearn": {
        "config", "data", "diagnostics", "launch", "pages", "regularizers", "runs", "surgery",
        "training",
    },
    "launch": {"config", "runs", "sweeps", "training"},
    "procedures": {
        "callbacks", "config", "data", "diagnostics", "factories", "launch", "measuring", "models",
        "pages", "runs", "surgery", "sweeps", "training",
    },
    "papers": {"diagnostics", "layers", "models", "optimizers", "regularizers", "surgery"},
    "hydra_plugin": {"config"},
    "_namespace_plugin": {"hydra_plugin"},
}  # fmt: skip
RENDERERS = {"markupsafe", "matplotlib", "PIL", "rich"}
FORBIDDEN = {  # room -> third-party packages that it must not import, at any depth of its code
    "check": {"keras", "tensorflow", "hydra", "omegaconf", "numpy"},
    "schedules": {"keras", "tensorflow", "hydra", "omegaconf"},
    "files": {"keras", "tensorflow", "hydra", "omegaconf", "numpy"},
    "archive": {"keras", "tensorflow", "hydra", "omegaconf"},
    "metric_names": {"keras", "tensorflow", "hydra", "omegaconf", "numpy"},
    "weight_names": {"keras", "tensorflow", "hydra", "omegaconf", "numpy"},
    "csv_header": {"keras", "tensorflow", "hydra", "omegaconf", "numpy"},
    "foreign": {"keras", "tensorflow", "hydra", "omegaconf"},
    "printable": {"keras", "tensorflow", "hydra", "omegaconf", "numpy"},
    "quiet_start": {"keras", "tensorflow", "hydra", "omegaconf", "numpy"},
    "randomness": {"keras", "tensorflow", "hydra", "omegaconf"},
    "applications": {"keras", "tensorflow", "hydra", "omegaconf", "numpy"},
    "private_keras": {"tensorflow", "hydra", "omegaconf"},
    "untracked": {"tensorflow", "hydra", "omegaconf"},
    "silent_distribution": {"tensorflow", "hydra", "omegaconf"},
    "measured": {"tensorflow", "hydra", "omegaconf"},
    "lora": {"tensorflow", "hydra", "omegaconf"},
    "scoring": {"keras", "tensorflow", "hydra", "omegaconf", *RENDERERS},
    "gradients": {"hydra", "omegaconf"},
    "diagnostics": {"keras", "tensorflow", "hydra", "omegaconf", *RENDERERS},
    "pages": {"keras", "tensorflow", "hydra", "omegaconf"},
    "runs": {"keras", "tensorflow", "hydra", "omegaconf"},
    "tensorboard": {"keras", "tensorflow", "hydra", "omegaconf"},
    "loggers": {"keras", "tensorflow", "hydra", "omegaconf"},
    "augment": {"keras", "hydra", "omegaconf"},
    "config": {"keras", "tensorflow", "numpy"},
    "fields": {"keras", "tensorflow", "hydra", "omegaconf", "numpy"},
    "registration": {"keras", "tensorflow", "hydra", "omegaconf"},
    "sweeps": {"keras", "tensorflow"},
    **{
        room: {"hydra", "omegaconf"}
        for room in (
            "regularizers",
            "optimizers",
            "layers",
            "models",
            "surgery",
            "callbacks",
            "data",
            "measuring",
            "fitting",
            "searching",
            "calibrating",
            "prediction",
            "exporting",
        )
    },
}
SHIM = ROOT / "kreg" / "private_keras"  # the one room that may reach for a private Keras name
PUBLIC_ALL_THE_SAME = {
    "_replace": "a method of every named tuple",
    "_fields": "of every named tuple",
    "_exit": "`os._exit`",
    "_return_value": "of Hydra's `JobReturn`, whose `return_value` raises what a job raised",
    "_EXECUTOR": "of the launchers of Hydra's submitit plugin, which kreg's derive from",
}


def room_of(path: Path) -> str:
    relative = path.relative_to(ROOT / "kreg")
    return relative.parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """Dotted names of everything that a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            raise AssertionError(f"{path}: relative import; write the full name")
    return found


SOURCES = sorted(p for p in (ROOT / "kreg").rglob("*.py") if p != ROOT / "kreg" / "__init__.py")


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_follow_the_table(path):
    room = room_of(path)
    assert room in MAY_IMPORT or room == "__main__", f"{room} has no place in the table"
    allowed = MAY_IMPORT.get(room, {"cli"}) | SHARED | {room}
    if "keras" not in FORBIDDEN.get(room, ()):
        allowed |= KERAS_SHARED
    for name in imports_of(path):
        parts = name.split(".")
        if parts[0] == "kreg" and len(parts) > 1 and parts[1] != "__version__":
            options = room in READS_OPTIONS and parts[1:3] in TABLES
            assert parts[1] in allowed or options, f"{room} may not import kreg.{parts[1]}"
        assert parts[0] not in FORBIDDEN.get(room, ()), f"{room} may not import {parts[0]}"
        if name.startswith(("keras.src", "tensorflow.keras", "tf_keras")):
            assert path.is_relative_to(SHIM), f"{name} is private: only {SHIM.name} may reach it"


MADE_OF_TENSORFLOW = {"augment", "papers"}  # the other rooms import without it: JAX, PyTorch


def is_for_types(node: ast.AST) -> bool:
    """Whether it is an `if TYPE_CHECKING`."""
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_tensorflow_is_imported_by_those_who_need_it_alone(path):
    tree = ast.parse(path.read_text())
    inside = {  # functions, and what type checkers alone read
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) or is_for_types(function)
        for node in ast.walk(function)
    }
    first = [
        (getattr(node, "module", None) or node.names[0].name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in inside
    ]
    assert "tensorflow" not in first or room_of(path) in MADE_OF_TENSORFLOW


# what turns the bytes of a file into values: as called, whatever the module is called here
READERS = {
    "json": {"load", "loads", "JSONDecoder"},
    "numpy": {"load", "loadtxt", "genfromtxt", "fromfile", "memmap"},
    "yaml": {"load", "safe_load", "unsafe_load", "full_load", "load_all", "safe_load_all", "parse"},
    "omegaconf": {"OmegaConf.load"},
    "csv": {"reader", "DictReader"},
    "pandas": {"read_parquet", "read_json", "read_pickle", "read_hdf", "read_excel"},
}
ARCHIVES = {
    "zipfile", "tarfile", "h5py", "pickle", "marshal", "shelve", "dill", "pyarrow", "sqlite3",
}  # fmt: skip
PROTOCOL = {"FromString", "ParseFromString", "MergeFromString"}
DOOR = ROOT / "kreg" / "foreign"


def readers_in(tree: ast.AST) -> set[str]:
    """Every way in which a file's code turns somebody's bytes into values."""
    modules: dict[str, str] = {}  # the name here -> the dotted name that it stands for
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {a.asname or a.name.split(".")[0]: a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    found = {name for name in modules.values() if name.split(".")[0] in ARCHIVES}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            head, *rest = ast.unparse(node).split(".")
            package, *more = (*modules.get(head, "").split("."), *rest)
            if ".".join(more) in READERS.get(package, ()):
                found.add(".".join((package, *more)))
        if isinstance(node, ast.Attribute) and node.attr in PROTOCOL:
            found.add(node.attr)
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_what_others_have_written_is_read_behind_one_door(path):
    if not path.is_relative_to(DOOR):
        found = readers_in(ast.parse(path.read_text()))
        assert not found, f"{found}: read it with a function of kreg.foreign"


def test_the_look_for_readers_sees_all_ways_to_them():
    lines = (
        "import json as j, numpy as np, yaml\nimport h5py, sqlite3\nfrom json import loads\n"
        "from omegaconf import OmegaConf\nimport csv\n"
        "j.load(f); np.load(f); yaml.safe_load(f); loads(t); OmegaConf.load(p); csv.reader(f)\n"
        "Event.FromString(b); OmegaConf.create(); json.dumps(1); np.array(1)"
    )
    assert readers_in(ast.parse(lines)) == {
        "json.load", "json.loads", "numpy.load", "yaml.safe_load", "omegaconf.OmegaConf.load",
        "csv.reader", "h5py", "sqlite3", "FromString",
    }  # fmt: skip


def private_names_in(tree: ast.AST) -> set[str]:
    """All that is read, set or asked for as `x._name`, or by `getattr` and its like."""
    found = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        asks = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if asks and node.func.id in ("getattr", "hasattr", "setattr", "delattr"):
            found |= {part.value for part in node.args if isinstance(part, ast.Constant)}
    return {str(n) for n in found if str(n).startswith("_") and not str(n).startswith("__")}


def private_names_of_kreg() -> set[str]:
    """What kreg defines itself: functions, classes, and attributes that an object gives itself."""
    found = set()
    for path in SOURCES:
        for node in () if path.is_relative_to(SHIM) else ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                owner = node.value
                found |= (
                    {node.attr} if isinstance(owner, ast.Name) and owner.id == "self" else set()
                )
    return found


OWN = private_names_of_kreg()


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_private_names_of_others_are_reached_in_the_shim_alone(path):
    if path.is_relative_to(SHIM):
        return
    foreign = private_names_in(ast.parse(path.read_text())) - OWN - PUBLIC_ALL_THE_SAME.keys()
    assert not foreign, f"{foreign}: give {SHIM.name} a function for it, with its reason"


def test_the_look_for_private_names_sees_all_ways_to_them():
    lines = "x._a; self._b; x._c = 1; getattr(x, '_d', 0); hasattr(y, '_e'); x.__class__; x.z"
    assert private_names_in(ast.parse(lines)) == {"_a", "_b", "_c", "_d", "_e"}
    shim = "".join(path.read_text() for path in SHIM.glob("*.py"))
    assert {"_flat_losses", "_trainable_variables"} <= private_names_in(ast.parse(shim))
    assert not OWN & {"_flat_losses", "_trainable_variables", "_get_variable_index"}


@pytest.mark.parametrize(("room", "table"), sorted(map(tuple, TABLES)))
def test_a_table_needs_the_shared_leaves_alone(room, table):
    for name in imports_of(ROOT / "kreg" / room / f"{table}.py"):
        library = name.split(".")[0] in sys.stdlib_module_names
        leaf = name.startswith(("kreg.fields.", "kreg.check.", "kreg.applications."))
        own = name.split(".")[1:3] in TABLES and name.split(".")[1] == room
        assert library or leaf or own, name
