"""Bad input: exit code 2, one sentence with the culprit, no traceback, no file, no TensorFlow.

The table goes through the gate of the command line in this process. Every key of every kind is held
against its own rule, and a fuzzer writes command lines that nobody thought of.
"""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy
import pandas
import pytest
from hydra.errors import HydraException
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kreg.config import schema, validate
from kreg.fields import Rule
from kreg.launch import compose, gate
from kreg.launch.commandline import parse

ROOT = Path(__file__).parents[2]

# arguments -> what the sentence must contain
TABLE = """
model=depe                              | deep
model=Deep                              | Did you mean 'deep'
model=cnnn                              | cnn
model=                                  | model
model=null                              | model
model=3                                 | model
model=[deep,wide]                       | model
model=deep/..                           | model
model=../../etc                         | model
model=/etc/passwd                       | model
model=none                              | no option 'none'
modle=deep                              | Did you mean 'model'
models=deep                             | Did you mean 'model'
MODEL=deep                              | MODEL
reg=l3                                  | l1
reg=lasso                               | elasticnet
reg=L1                                  | Did you mean 'l1'
reg=elastic_net                         | Did you mean 'elasticnet'
regs=l1                                 | Did you mean 'reg'
regularizer=l1                          | regularizer
dropout=hevy                            | Did you mean 'heavy'
dropout=0.5                             | dropout
droput=light                            | Did you mean 'dropout'
augment=flip                            | flip_rotate_crop
augment=mixupp                          | Did you mean 'mixup'
augmentation=none                       | Did you mean 'augment'
data=digit                              | Did you mean 'digits'
data=mnst                               | Did you mean 'mnist'
data=iris                               | no option 'iris'
data=wine.csv                           | data
dataset=digits                          | dataset
optimizer=adm                           | Did you mean 'adam'
optimizer=Adam                          | Did you mean 'adam'
optimizer=ftrl                          | no option 'ftrl'
optimiser=adam                          | Did you mean 'optimizer'
stop=patient                            | Did you mean 'patience'
stop=early                              | no option 'early'
trainer=fast                            | no option 'fast'
diagnostics=on                          | diagnostics
compress=maybe                          | compress
experiment=nothing                      | experiment
debug=fsat                              | Did you mean 'fast'
model.dropuot=0.3                       | dropuot
model.dept=3                            | Did you mean 'depth'
model.depth.x=3                         | depth
model.width.=3                          | model.width
+model.dept=3                           | dept
++model.dept=3                          | dept
+model.dropuot=0.3                      | dropuot
+reg.l3=0.1                             | l3
++reg.l3=0.1                            | l3
+extra=1                                | extra
+extra.deep.key=1                       | extra
~model                                  | model
~reg                                    | reg
~nothing                                | nothing
reg.force=1                             | force
reg.l1.l1=1                             | l1
reg=l2 reg.l1=0.1                       | l1
reg=none reg.l1=0.1                     | l1
trainer.epoch=3                         | Did you mean 'epochs'
trainer.batchsize=3                     | Did you mean 'batch_size'
trainer.lr=0.1                          | lr
optimizer.lr=0.1                        | optimizer
optimizer.learnig_rate=0.1              | Did you mean 'learning_rate'
data.train=0.1                          | data
data.path=x.csv                         | path
data.kind=nothing                       | data.kind
model.kind=nothing                      | model.kind
reg.kind=os.system                      | reg.kind
reg.kind=os:system                      | allow=[os]
model.kind=subprocess:run               | allow=[subprocess]
augment.kind=builtins:eval              | allow=[builtins]
model._target_=os.system                | _target_
+model._target_=os.system               | _target_
+reg._target_=builtins.eval             | _target_
++trainer._target_=shutil.rmtree        | _target_
trainer.epochs=many                     | trainer.epochs
trainer.epochs=0                        | trainer.epochs
trainer.epochs=-1                       | trainer.epochs
trainer.epochs=1.5                      | trainer.epochs
trainer.epochs=nan                      | trainer.epochs
trainer.epochs=inf                      | trainer.epochs
trainer.epochs=true                     | trainer.epochs
trainer.epochs=null                     | trainer.epochs
trainer.epochs=[1]                      | trainer.epochs
trainer.epochs={a:1}                    | trainer.epochs
trainer.epochs=                         | trainer.epochs
trainer.epochs="3"                      | trainer.epochs
trainer.epochs=1e3                      | trainer.epochs
+trainer.epochs=many                    | trainer.epochs
trainer.batch_size=0                    | trainer.batch_size
trainer.batch_size=-32                  | trainer.batch_size
trainer.batch_size=32.0                 | trainer.batch_size
trainer.batch_size=all                  | trainer.batch_size
trainer.device=tpu                      | trainer.device
trainer.device=GPU                      | trainer.device
trainer.device=null                     | trainer.device
trainer.device=0                        | trainer.device
trainer.precision=float16               | trainer.precision
trainer.precision=half                  | trainer.precision
trainer.precision=32                    | trainer.precision
trainer.jit_compile=maybe               | trainer.jit_compile
trainer.verbose=loud                    | trainer.verbose
trainer.verbose=2                       | trainer.verbose
trainer.deterministic=yes!              | trainer.deterministic
trainer.deterministic=1                 | trainer.deterministic
trainer.rows=0                          | trainer.rows
seed=-1                                 | seed
seed=1.5                                | seed
seed=abc                                | seed
seed=null                               | seed
seed=true                               | seed
seed=99999999999                        | seed
seed=[1,2]                              | seed
task=3                                  | task
task=[a]                                | task
task=null                               | task
resume=3                                | resume
resume=no_such_directory                | no run directory
resume=/no/such/directory               | no run directory
resume=                                 | resume
check=perhaps                           | check
check=1                                 | check
allow=os                                | allow
allow=3                                 | allow
objective=3                             | objective
procedure=test                          | procedure
reg.l1=-1                               | reg.l1
reg.l1=-1e-9                            | reg.l1
reg.l1=nan                              | reg.l1
reg.l1=inf                              | reg.l1
reg.l1=-inf                             | reg.l1
reg.l1=true                             | reg.l1
reg.l1=strong                           | reg.l1
reg.l1=null                             | reg.l1
reg.l1=[0.1]                            | reg.l1
reg.l1={kind:lineer}                    | lineer
reg.l1={kind:linear}                    | reg.l1
reg.l1={start:0,end:1}                  | reg.l1
reg.l1={kind:linear,start:0,end:-1,duration:5}             | reg.l1
reg.l1={kind:linear,start:0,end:1,duration:0}              | duration
reg.l1={kind:linear,start:0,end:1,duration:5,unit:days}    | unit
reg.l1={kind:cosine,start:0,end:1,duration:5,speed:2}      | reg.l1
reg.l1={kind:piecewise,boundaries:[2,1],values:[0,1,2]}    | boundaries
reg.l1={kind:piecewise,boundaries:[1],values:[0]}          | values
reg.l1={kind:exponential,start:0,end:1,duration:5}         | start
reg=l2 reg.l2=-0.1                      | reg.l2
reg=elasticnet reg.l1=-0.1              | reg.l1
reg=elasticnet reg.l2=much              | reg.l2
reg=group reg.groups=rows               | reg.groups
reg=sparse_group reg.groups=3           | reg.groups
dropout=light dropout.rate=1.5          | dropout.rate
dropout=light dropout.rate=1            | dropout.rate
dropout=light dropout.rate=-0.1         | dropout.rate
dropout=light dropout.rate=half         | dropout.rate
dropout=light dropout.rate=nan          | dropout.rate
dropout=heavy dropout.rate=null         | dropout.rate
dropout=light dropout.rate={kind:linear,start:0,end:2,duration:5} | dropout.rate
dropout=none dropout.rate=0.5           | dropout=light
dropout.rate=0.3                        | dropout=heavy
model=linear model.depth=3              | model=deep
optimizer.momentum=0.5                  | optimizer=sgd
dropout=dropblock dropout.block_size=0  | dropout.block_size
dropout=concrete dropout.temperature=0  | dropout.temperature
model.depth=0                           | model.depth
model.depth=-3                          | model.depth
model.depth=deep                        | model.depth
model.depth=2.5                         | model.depth
model.depth=100000                      | model.depth
model.width=0                           | model.width
model.width=1e9                         | model.width
model.width=wide                        | model.width
model.scale=0                           | model.scale
model.scale=1000                        | model.scale
model.activation=rleu                   | Did you mean 'relu'
model.activation=null                   | model.activation
model.batch_norm=7                      | model.batch_norm
model.skip=[true]                       | model.skip
optimizer.learning_rate=0               | optimizer.learning_rate
optimizer.learning_rate=-0.1            | optimizer.learning_rate
optimizer.learning_rate=fast            | optimizer.learning_rate
optimizer.schedule=step                 | optimizer.schedule
optimizer.warmup=1                      | optimizer.warmup
optimizer.warmup=-1                     | optimizer.warmup
optimizer.clipnorm=0                    | optimizer.clipnorm
optimizer.accumulate=0                  | optimizer.accumulate
optimizer.ema=1                         | optimizer.ema
optimizer=sgd optimizer.momentum=1      | optimizer.momentum
optimizer=sgd optimizer.nesterov=2      | optimizer.nesterov
data.validation=0                       | data.validation
data.validation=1                       | data.validation
data.validation=-0.1                    | data.validation
data.test=1                             | data.test
data.test=half                          | data.test
data.label_noise=1                      | data.label_noise
data.label_noise=-0.2                   | data.label_noise
data.train_size=0                       | data.train_size
data.train_size=-5                      | data.train_size
data.train_size=most                    | data.train_size
data.folds=-1                           | data.folds
data.folds=1.5                          | data.folds
data.fold=-1                            | data.fold
data.scale_target=5                     | data.scale_target
data.validation=0.6 data.test=0.4       | data.validation
data.folds=1                            | data.folds
data.fold=2                             | data.fold
data.folds=3 data.fold=3                | data.fold
data.group=writer                       | no columns to name
data=imdb data.time=day                 | no columns to name
data=synthetic data.features=3          | data.informative
data=image_folder data.path=/ data.size=[3] | data.size
data=image_folder data.path=/ data.size=[3,0] | data.size
data=csv data.path=/ data.target=y      | a folder with files that end in
data=npz data.path=/                    | a folder of .npy files, with an array named x
data=csv                                | data.path
data=csv data.path=nothing.csv          | a path that exists
data=csv data.target=y                  | data.path
data=csv data.path=/                    | data.target
data=csv data.path=3                    | data.path
data=csv data.path=[a]                  | data.path
data=csv data.path=https://a.b/c.csv    | a path that exists
data=csv data.path=/ data.target=null   | data.target
data=parquet                            | data.path
data=parquet data.path=nothing          | a path that exists
data=npz                                | data.path
data=npz data.path=nothing.npz          | a path that exists
data=npz data.task=ranking              | data.task
data=image_folder                       | data.path
data=image_folder data.path=nowhere     | a path that exists
data=image_folder data.channels=4       | data.channels
data=image_folder data.path=/ data.size=small | data.size=auto
data=image_folder data.path=/ data.resize=squash | data.resize
data=image_folder data.path=/ data.on_error=ignore | data.on_error
data=image_folder data.path=/ data.cache=ram | data.cache
data=image_folder data.path=/ data.cache_limit=-1 | data.cache_limit
data=image_folder data.path=/ data.labels=no.csv | data.labels
data=image_folder data.path=/ data.target=y | null where data.labels is null
data=image_folder data.path=/ data.group=who | null where data.labels is null
data=image_folder data.path=/ data.time=day | null where data.labels is null
data=image_folder data.path=/ data.task=regression | auto where data.labels is null
data=image_folder data.size=64          | data.size
data=image_folder data.max_pixels=0     | data.max_pixels
data=synthetic data.problem=xor         | data.problem
data=synthetic data.rows=1              | data.rows
data=synthetic data.correlation=1       | data.correlation
data=synthetic data.noise=-1            | data.noise
data=imdb data.words=1                  | data.words
data=tfds data.download=later           | data.download
data=wine model=cnn                     | needs images
data=wine model=resnet                  | needs images
data=breast_cancer augment=flip_rotate_crop | needs images
data=diabetes augment=cutmix            | needs images
augment=flip_rotate_crop augment.crop=2 | augment.crop
augment=mixup augment.alpha=0           | augment.alpha
augment=randaugment augment.num_ops=0   | augment.num_ops
augment=randaugment augment.magnitude=2 | augment.magnitude
model=deep,wide                         | Add -m
reg.l1=0.1,0.2                          | Add -m
seed=range(3)                           | Add -m
-m model=deep,depe                      | depe
-m reg.l1=0.1,-1                        | reg.l1
-m trainer.epochs=3,many                | trainer.epochs
-m model=glob(x*)                       | matches nothing
-m seed=range(0)                        | matches nothing
-m hparams_search=random                | nothing to choose from
-m hparams_search=random reg.l1=0.1     | nothing to choose from
-m hparams_search=random reg.l1=interval(1,0) | low < high
-m hparams_search=random reg.l1=tag(log,interval(0,1)) | low < high
-m hparams_search=random seed=1,2 hydra.sweeper.trials=0 | hydra.sweeper.trials
-m hparams_search=random seed=1,2 hydra.sweeper.sampler=grid | sampler
-m hparams_search=random seed=1,2 hydra.sweeper.tirals=3 | Did you mean 'trials'
-m hydra/launcher=submitit_slurm seed=1,2 hydra.launcher.partitoin=a | Did you mean 'partition'
-m hydra/launcher=joblib seed=1,2 hydra.launcher.n_jobs=two | could not be converted to Integer
-m hydra/launcher=slurm seed=1,2        | submitit_slurm
-m reg.l1=interval(0,1)                 | hparams_search=optuna
-m objective=val_clean_rmse seed=1,2    | val_clean_accuracy
-m data=diabetes objective=test_clean_accuracy seed=1,2 | test_clean_rmse
-m hparams_search=random model=linear model.depth=int(interval(1,4)) | model=deep
-m hparams_search=random objective=val_clean_los seed=1,2 | Did you mean 'val_clean_loss'
dropout.rate=0.5                        | Options that have it: dropout=concrete
-m reg=glob(nothing*)                   | The options of `reg` are: none
-m reg=l1,l2,l3,none                    | no option 'l3'
-m hparams_search=random model=linear model.depth=1,2 | model=deep
-m objective=accuracy seed=1,2          | objective
-m hparams_search=random,optuna seed=1,2 | one search
-m hydra/launcher=joblib,ray seed=1,2   | one launcher
-m hparams_search=random seed=1,2 hydra.sweeper.seed=-1 | hydra.sweeper.seed
hparams_search=random reg.l1=0.1        | Add -m
model                                   | is not an override
deep                                    | is not an override
=deep                                   | is not an override
model==deep                             | model
model:deep                              | is not an override
reg.l1=[                                | is not an override
reg.l1={a                               | is not an override
reg.l1='open                            | is not an override
a b                                     | is not an override
model=deep model=                       | model
seed=${nothing}                         | nothing
seed=${oc.env:KREG_NO_SUCH_VARIABLE}    | KREG_NO_SUCH_VARIABLE
seed=${oc.decode:}                      | interpolation
model.depth=${model}                    | Interpolation
seed=${seed}                            | Recursive interpolation
data=csv data.path=/etc/hostname data.target=y data.separator='' | data.separator
data=csv data.path=/etc/hostname data.target=y data.separator='::' | data.separator
-x                                      | is no flag
--wat                                   | is no flag
--epochs=3                              | Keys have no dashes: epochs=3
--config-path=/etc --config-name=passwd | --config-dir
-cn=passwd                              | --config-dir
--experimental-rerun=x.pickle           | --config-dir
--config-dir=/nope                      | no such folder
--config-dir /etc/passwd                | no such folder
--config-dir                            | --config-dir
--cfg wat                               | --cfg
-m seed=range(0,3,0)                    | range
data=synthetic data.rows=10000000 data.features=100000 | 21.8 TiB
-m seed=1,2 hydra.sweep.dir=/proc/x     | /proc/x
-m seed=1,2 hydra.sweep.subdir=../../x  | hydra.sweep.subdir
-m seed=1,2 hydra.sweep.subdir=x        | two jobs
-m seed=1,2 hydra.sweeper._target_=os.system | hydra.sweeper
-m seed=1,2 hydra/launcher=joblib hydra.launcher._target_=os.system | hydra.launcher
+hydra.callbacks.x._target_=os.system   | hydra.callbacks
hydra.run.dir=/proc/x                   | /proc/x
hydra.run.dir=/etc                      | no run directory of kreg
model=custom model.kind=:system allow=[''] | model.kind
model=custom model.kind=os..x:system allow=[os] | model.kind
trainer.epochs=10000000000              | trainer.epochs
"""
LONG = [
    ("seed=" + "9" * 5000, "is not an override"),
    ("allow=" + "[" * 1500, "is not an override"),
    ("arguments=" + "{a:" * 300 + "1" + "}" * 300, "arguments"),
    ("task=" + "a" * 300, "File name too long"),
    ("task=" + "a" * 5000, "File name too long"),
    ("data=csv data.target=y data.path=" + "x" * 5000, "data.path"),
]
CASES = [tuple(part.strip() for part in line.split(" | ")) for line in TABLE.split("\n") if line]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Each case starts in an empty folder and must leave it empty."""
    monkeypatch.chdir(tmp_path)
    yield
    assert list(tmp_path.rglob("*")) == []


def never():
    raise AssertionError("training has been started")


def test_the_table_is_long_enough():
    assert len(CASES) >= 200 and len(set(CASES)) == len(CASES)


def every_fourth_is_fast(cases):
    marks = [() if i % 4 == 0 else pytest.mark.slow for i in range(len(cases))]
    return [pytest.param(*case, id=case[0], marks=m) for case, m in zip(cases, marks, strict=True)]


@pytest.mark.parametrize(("line", "culprit"), every_fourth_is_fast(CASES))
def test_one_sentence_and_exit_code_2(line, culprit, capsys):
    arguments = [line] if line == "a b" else line.split()
    assert gate.run(never, arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.startswith("kreg: ")
    assert printed.err.count("\n") == 1 and "Traceback" not in printed.err
    assert culprit in printed.err, printed.err


@pytest.mark.parametrize(("line", "culprit"), LONG, ids=lambda part: part[:30])
def test_what_is_far_too_long_is_told_shortly(line, culprit, capsys):
    assert gate.run(never, line.split()) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("kreg: ") and printed.count("\n") == 1 and culprit in printed
    assert len(printed) < 600


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_column_that_the_table_lacks(kind, tmp_path_factory, capsys):
    path = tmp_path_factory.mktemp("own") / f"own.{kind}"
    table = pandas.DataFrame({"size": [1, 2], "rich": ["yes", "no"]})
    table.to_csv(path, index=False) if kind == "csv" else table.to_parquet(path)
    for key in ("target", "group", "time"):
        values = {"target": "rich", key: "rihc"}
        line = [f"data.{name}={value}" for name, value in values.items()]
        assert gate.run(never, [f"data={kind}", f"data.path={path}", *line]) == 2
        printed = capsys.readouterr().err
        assert f"data.{key}" in printed and "Did you mean 'rich'" in printed


def test_an_array_that_an_archive_lacks(tmp_path_factory, capsys):
    path = tmp_path_factory.mktemp("own") / "own.npz"
    numpy.savez(path, X=numpy.zeros((3, 2)), y=[0, 1, 0], day=[1, 2, 3])
    for key in ("group", "time"):
        assert gate.run(never, ["data=npz", f"data.path={path}", f"data.{key}=dya"]) == 2
        printed = capsys.readouterr().err
        assert f"data.{key}" in printed and "Did you mean 'day'" in printed
    numpy.savez(path, x_train=numpy.zeros((3, 2)), labels=[0, 1, 0])
    assert gate.run(never, ["data=npz", f"data.path={path}"]) == 2
    assert "y or y_train. Received" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line", ["model=depe", "+model.dropuot=0.3", "data=wine model=cnn", "data=csv", "data.folds=1"]
)
def test_the_program_itself_starts_no_tensorflow(line):
    code = (
        f"import sys; sys.argv[1:] = {line.split()!r}; sys.path.insert(0, {str(ROOT)!r})\n"
        "import train; from kreg.launch import gate\n"
        "code = gate.run(train.main)\n"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'pandas'} & sys.modules.keys()\n"
        "sys.exit(code if not heavy else f'imported {heavy}')"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.count("\n") == 1 and ended.stderr.startswith("kreg: ")


# --- every key of every kind ----------------------------------------------------------------


def wrong_values(rule: Rule):
    """Values that the rule must refuse: other types, and just outside the interval."""
    if rule.type is list:
        return [3, "text", True]
    if rule.type is dict:
        return [3, "text"]
    if rule.type == "columns":
        return [3, [], [1], ["a", "a"], {"a": 1}]
    if rule.options:
        return ["no such option", [1], 3.25]
    if rule.type is bool:
        return ["maybe", 2, None]
    if rule.type is str:
        return [3, [1], *([] if rule.optional else [None])]
    wrong = ["text", [1], float("nan"), float("inf"), True]
    wrong += [] if rule.low is None else [rule.low - 1]
    wrong += [] if rule.high is None else [rule.high + 1]
    wrong += [rule.low] if rule.low is not None and rule.low_open else []
    return wrong + ([] if rule.optional else [None])


def keys():
    for group in schema.GROUPS:
        for kind, kind_schema in schema.GROUPS[group].items():
            for field in dataclasses.fields(kind_schema):
                if field.name != "kind":
                    yield group, kind, field


def place(group, kind):
    """Where an option's keys stand."""
    return f"{group}.{kind}" if group in schema.SEVERAL else group


def placed(group, kind, values):
    return {kind: values} if group in schema.SEVERAL else values


@pytest.fixture(scope="module")
def tree():
    schema.register()
    return compose.compose_job([]).to_dict()


def test_every_key_of_every_kind_refuses_what_its_rule_refuses(tree):
    tried = 0
    for group, kind, field in keys():
        plain = schema.defaults(schema.GROUPS[group][kind])
        for value in wrong_values(field.metadata["rule"]):
            changed = {**tree, group: placed(group, kind, {**plain, field.name: value})}
            with pytest.raises(validate.ConfigError, match=rf"{place(group, kind)}\.{field.name}"):
                validate.validate(changed)
            tried += 1
    assert tried > 1000


# --- the fuzzer -----------------------------------------------------------------------------

NAMES = [f"{place(group, kind)}.{field.name}" for group, kind, field in keys()]
WORDS = st.sampled_from(
    ["deep", "l1", "null", "true", "nan", "inf", "-1", "0", "1e400", "1_000", "''", "[]", "{}", "?"]
    + [
        "${seed}",
        "${reg.l1}",
        "${no.such}",
        "???",
        "[1,[2,{a:b}]]",
        "{kind:linear}",
        "\\",
        "é",
        "\0",
    ]
)
VALUES = WORDS | st.integers().map(str) | st.floats().map(repr) | st.text(max_size=12)
KEYS = (
    st.sampled_from([*NAMES, *schema.GROUPS, "seed", "task", "resume", "allow", "objective"])
    | st.text("abcdefgmoprtx._@/-", max_size=10)
    | st.sampled_from(NAMES).flatmap(lambda name: st.permutations(list(name)).map("".join))
)
ARGUMENTS = st.builds(
    lambda sign, key, value: f"{sign}{key}={value}",
    st.sampled_from(["", "", "", "+", "++", "~"]),
    KEYS,
    VALUES,
) | st.text(max_size=20)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(ARGUMENTS, min_size=1, max_size=3))
@example(["+reg.l1={kind:linear}"])
@example(["data.train_size=1e400"])
@example(["task=../../../x"])
@example(["+=deep"])
def test_the_fuzzer_meets_a_configuration_or_one_sentence(arguments):
    try:
        line = parse(arguments)
        if not line.help and not line.passes_to_hydra:
            gate.check_all(line)
    except (validate.ConfigError, HydraException) as error:
        sentence = str(error)
        assert sentence.strip() and "Traceback" not in sentence
        assert len(sentence.strip().splitlines()) == 1, sentence
