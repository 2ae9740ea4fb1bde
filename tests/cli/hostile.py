"""Command lines that no one should write, and what a user may hit by mistake: each ends in a sentence, with status 2.

`lines(folder)` lists them, as the arguments after `jaxcollapse`; the folder holds what they need.
"""

LONG = "x" * 10**6
DEEP = "/".join(["d" * 200] * 30)
NAME = "x" * 300
CLAIM = "gerstgrasser-replace"
GAUSSIAN = ["--set", "ddof=1", "--samples", "5"]
WALK = ["simulate", "Gaussian", "Replace", *GAUSSIAN, "--generations", "2"]
REGRESSION = ["simulate", "LinearRegression", "Replace", "--set", "dim=3", "--set", "noise=1", "--samples", "9"]
NUMBERS = ["", " ", "-", "--", "nan", "inf", "-inf", "1e400", "None", "True", "[]", "{}"]
WORDS = [*NUMBERS, "()", "0x", "1,,2", "a b", "é", "\u202e", "💥"]
UNWRITABLE = ["/proc/x", "/dev/null/x", "file/below", DEEP, NAME + ".csv"]
TABLES = {
    "empty": "", "broken": "model = [", "list": "model = [1, 2]\nworkflow = 3\n",
    "nameless": "samples = 5\n[model]\nddof = 1\n[workflow]\n",
    "number": 'samples = 5\n[model]\nname = 3\n[workflow]\nname = "Replace"\n',
    "unknown": 'surprise = 5\nmodel = "Gaussian"\nworkflow = "Replace"\n',
    "long": f'[model]\nname = "{LONG}"\n', "deep": "a = " + "[" * 5000 + "]" * 5000,
    "nested": 'samples = 5\nworkflow = "Replace"\n[model]\nname = "Gaussian"\n[model.ddof]\na = 1\n',
}  # fmt: skip


def prepare(folder):
    """What some lines need: a file, folders with names of files, broken and hostile settings."""
    (folder / "file").write_text("")
    (folder / "taken.py").write_text("mine")
    (folder / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    for name in ("folder.csv", "folder.toml", "binary.nc"):
        (folder / name).mkdir()
    for name, text in TABLES.items():
        (folder / f"{name}.toml").write_text(text)


def lines():
    """All of them."""
    return [*commands(), *claims(), *names(), *settings(), *sizes(), *places(), *files(), *pictures()]


def commands():
    found = [[word] for word in (*WORDS[1:4], "verfy", "Verify", "simulat", "\u202e", "💥", LONG)]
    found += [["--nonsense"], ["--version=3"], ["list", "extra"], ["doctor", "extra"], ["bench", "extra"]]
    return found + [
        [name, "--nonsense"]
        for name in ("verify", "list", "show", "simulate", "figure", "explore", "bench", "doctor", "new")
    ]


def claims():
    wrong = [*WORDS, CLAIM.upper(), CLAIM + " ", "*", "../etc", NAME, LONG]
    found = [["show", name] for name in wrong]
    found += [["verify", name, "--quick"] for name in wrong if name != "--"]
    found += [["list", "--paper", name] for name in (*WORDS[:8], NAME, LONG)]
    found += [["verify", CLAIM, "--paper", name] for name in ("", "doe", LONG)]
    found += [["show"], ["show", CLAIM, "extra"], ["list", "--paper"], ["show", "--json"]]
    found += [["verify", CLAIM, "--precision", word] for word in ("", "quik", "0", LONG)]
    found += [["verify", CLAIM, "--seed", word] for word in ("", "-1", "1.5", "a", str(2**64), str(10**30), LONG)]
    found += [["verify", CLAIM, *words] for words in (["--quick", "--precision", "high"], ["--quick=3"], ["--out"])]
    return found + [["verify", CLAIM, "--out", place] for place in (*UNWRITABLE, "file", "taken.py", "\0", LONG)]


def names():
    models = [*WORDS[:4], "gaussian", "Model", "os", NAME, LONG]
    found = [["simulate", name, "Replace", "--samples", "5"] for name in models]
    found += [["simulate", "Gaussian", name, *GAUSSIAN] for name in ("", "replace", "Workflow", "os", LONG)]
    found += [["simulate", "Gaussian"], ["simulate", "Gaussian", "Replace"], [*WALK, "extra"]]
    found += [["simulate", "Gaussian", "Replace", "--samples", "5"]]
    tables = [f"{name}.toml" for name in (*TABLES, "missing", "folder", "bytes", NAME, DEEP, "\0")]
    return found + [["simulate", name] for name in tables]


def settings():
    gaussian = [
        "", "=", "ddof", "ddof=", "=1", "ddof=2", "ddof=1.5", "ddof=a", "ddof=[1]", "ddof=g", "ddof=__import__('os')",
        "ddof=1;import os", "ddof=" + "9" * 5000, "ddof=" + "(" * 5000, "ddof=" + "[" * 5000, "ddof=9**9**9", "mean=g",
        "mean=1e400", "variance=-1", "variance=0", "variance=nan", "nonsense=1", "__class__=1", "sampling=fast",
        "sampling=" + LONG, LONG + "=1", LONG,
    ]  # fmt: skip
    regression = [
        "dim=0", "dim=-1", "dim=2.5", "dim=1e12", "dim=1000000000000", "dim=a", "noise=-1", "noise=log(g)",
        "spectrum=3", "penalty=1/0", "penalty=1/(g-1)", "penalty=-g", "penalty=g.real", "penalty=lambda g: g",
        "penalty=1,2", "design=fixd", "features=os", "penalty=" + "1+" * 5000 + "1", "penalty=2^3", "penalty=True",
    ]  # fmt: skip
    workflows = {
        "Mix": ["", "real", "real=new", "real=3", "weight=0.5", "real=fresh=old", "weight=" + LONG],
        "Window": ["batches=0", "batches=-1", "batches=1.5", "batches=a", "batches=g", "nonsense=1"],
        "Weighted": ["matrix=1", "matrix=[[1,0],[1,1]]", "matrix=[[1],[1,0]]", "matrix=a"],
    }
    found = [["simulate", "Gaussian", "Replace", *GAUSSIAN, "--set", text] for text in gaussian]
    found += [[*REGRESSION, "--set", text] for text in regression]
    return found + [
        ["simulate", "Gaussian", name, *GAUSSIAN, "--workflow-set", text]
        for name, texts in workflows.items()
        for text in texts
    ]


def sizes():
    samples = [
        *NUMBERS, "0", "-5", "9" * 400, "5,", "5,6,7,8,9,10,11,12,13,14,15,0", "g-5", "1/(g-1)", "10**400", "9**9**9",
        "g if g else 1", "x", "[5,[6]]", "'5'", LONG, "1" * 5000,
    ]  # fmt: skip
    found = [["simulate", "Gaussian", "Replace", "--set", "ddof=1", "--samples", text] for text in samples]
    for option in ("generations", "replications"):
        found += [[*WALK, f"--{option}", text] for text in ("", "0", "-1", "2.5", "a", "1000000000000", LONG)]
    found += [[*WALK, "--seed", text] for text in ("", "2.5", "a", str(10**30), LONG)]
    return found + [[*WALK, "--metric", text] for text in ("", "risk", "variances", "__class__", LONG)]


def places():
    wrong = [
        *UNWRITABLE, "file", "result", "result.xls", "folder.csv", "binary.nc", ".csv", "missing/result.csv", "\0.csv",
        "", LONG, LONG + ".csv", NAME + ".png",
    ]  # fmt: skip
    return [[*WALK, "--out", place] for place in wrong]


def files():
    modules = ["os", "jax", "json", "class", "None", "3", "a b", "a-b.c", "", " ", "é", "💥", "../x", "/etc/x"]
    modules += [NAME, LONG, "-x", "\0"]
    found = [["new", kind, name] for kind in ("claim", "family", "workflow") for name in modules]
    return [*found, ["new", "nonsense", "x"], ["new", "claim"], ["new", "claim", "a", "b"]]


def pictures():
    found = [["figure", name, "3"] for name in (*WORDS, NAME, LONG)]
    found += [["figure", "xu", number] for number in (*WORDS[:3], *WORDS[4:8], "__class__", NAME, LONG)]
    found += [["figure", "xu", "3", "--out", place] for place in (*UNWRITABLE, "file", "folder.csv", LONG)]
    found += [["figure", "xu", "3", "--replications", text] for text in ("", "0", "1", "2.5", "a", "1" * 30, LONG)]
    found += [["explore", name, "--no-browser"] for name in (*WORDS, "Model", "KernelRidge", NAME, LONG)]
    found += [["explore", "Gaussian", name, "--no-browser"] for name in ("", "replace", "Weighted", LONG)]
    return found + [["explore", "--no-browser", "--port", text] for text in ("", "-1", "65536", "a", LONG)]
