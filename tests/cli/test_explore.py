"""`jaxcollapse explore`: the page, its answers, and what it refuses; over the loopback device, with limits of time."""

import contextlib
import http.client
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.cli import _build, _controls, _explorer
from jaxcollapse.cli._server import Server
from jaxcollapse.machine.precision import enable_x64
from stand_ins import strict

PATIENCE = 60
START = {"generations": "3", "samples": "40", "replications": "200", "metric": ""}
RIDGE = {
    "model": "LinearRegression",
    "workflow": "Mix",
    "model_settings": {"dim": "4", "noise": "0.5", "penalty": "0.1/g", "design": "fresh"},
    "workflow_settings": {"real": "fresh", "weight": "", "real_samples": "20"},
    **START,
}
REPLACE = {"workflow": "Replace", "workflow_settings": {}}
WALK = {
    "model": "NormalMean",
    "workflow": "Accumulate",
    "model_settings": {"variance": "2"},
    "workflow_settings": {},
    **START,
}


@pytest.fixture(scope="module")
def server():
    """A page that answers in this process."""
    about = {**_explorer.known(), "first": {"model": "Gaussian", "workflow": "Replace"}}
    with Server(0, about, {"curve": _explorer.curve, "points": _explorer.points}) as serving:
        thread = threading.Thread(target=serving.serve_forever, daemon=True)
        thread.start()
        yield serving
        serving.shutdown()
        thread.join(PATIENCE)


def ask(server, name, asked=None, method="POST", secret=None, **headers):
    """Status, headers and body of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=PATIENCE)
    with contextlib.closing(connection):
        body = asked if isinstance(asked, bytes) else None if asked is None else json.dumps(asked).encode()
        sent = {"Content-Type": "application/json", **{key.replace("_", "-"): value for key, value in headers.items()}}
        connection.request(method, f"/{server.secret if secret is None else secret}/{name}", body, sent)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()


def answered(server, name, asked):
    status, _, body = ask(server, name, asked)
    assert status == 200, body
    return strict(body)


def refused(server, asked, name="curve"):
    status, _, body = ask(server, name, asked)
    assert status == 422, body
    return strict(body)["refused"]


def changed(asked, **changes):
    """A question with another setting; of a model and a workflow by ``model_settings__name``."""
    asked = json.loads(json.dumps(asked))
    for name, value in changes.items():
        table, _, last = name.partition("__")
        (asked[table] if last else asked)[last or table] = value
    return asked


def test_the_page_loads_its_own_parts_and_nothing_else(server):
    for name, kind in (("", "text/html"), ("explore.js", "text/javascript"), ("explore.css", "text/css")):
        status, headers, body = ask(server, name, method="GET")
        assert status == 200 and headers["Content-Type"].startswith(kind) and len(body) > 500
        assert "default-src 'none'" in headers["Content-Security-Policy"] and headers["Cache-Control"] == "no-store"
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", body)
    assert set(strict(ask(server, "known.json", method="GET")[2])) == {"models", "workflows", "sizes", "first"}


def test_strangers_are_turned_away(server):
    assert ask(server, "", method="GET", secret="wrong")[0] == 404
    for path in ("../_server.py", "app.py", "..%2f..%2fapp.py", "explore.html/../app.py", "/etc/passwd", "a" * 60_000):
        assert ask(server, path, method="GET")[0] in (404, 414), path[:40]
    assert ask(server, "", method="GET", Host="example.org")[0] == ask(server, "curve", RIDGE, Host="a:1")[0] == 403
    assert ask(server, "curve", RIDGE, Content_Type="text/plain")[0] == 415
    assert ask(server, "curve", b"[" * 60_000)[0] == ask(server, "curve", b"\xff")[0] == 400
    assert ask(server, "curve", b"", Content_Length="99999999")[0] == 413
    assert ask(server, "shell", RIDGE)[0] == 404
    assert server.server_address[0] == "127.0.0.1"


def test_a_curve_is_that_of_predict(server):
    found = answered(server, "curve", RIDGE)
    with enable_x64(True):
        model = jc.LinearRegression(jc.theory.Spectrum.isotropic(4), noise=0.5, penalty=lambda g: 0.1 / g)
        prediction = jc.predict(model, jc.Mix("fresh", real_samples=20), samples=40, generations=3)
    np.testing.assert_array_equal(found["metrics"]["risk"]["curve"], prediction.risk)
    assert found["metrics"]["risk"]["words"] == f"Theory: {prediction.forms['risk']}."
    unknown = answered(server, "curve", changed(RIDGE, model_settings__design="fixed", **REPLACE))["metrics"]["risk"]
    assert unknown["curve"] is None and "none is known" in unknown["words"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "asked", [pytest.param(RIDGE, marks=pytest.mark.slow), {**WALK, "metric": "squared_error"}], ids=["ridge", "walk"]
)
def test_the_calls_give_the_same_picture(server, command_line, asked):
    """Both of them: in Python, and on the command line."""
    calls, points = answered(server, "curve", asked), answered(server, "points", asked)
    names, metric = {}, points["metric"]
    with enable_x64(True):
        exec(calls["python"].rpartition("\n")[0], names)
    np.testing.assert_array_equal(names["estimate"].mean, points["mean"])
    np.testing.assert_array_equal(names["prediction"].metrics[metric], calls["metrics"][metric]["curve"])
    line = shlex.split(calls["command"])
    assert line[-2:] == ["--out", "curve.pdf"] and line[0] == "jaxcollapse"
    result = command_line(*line[1:-2])
    rows = [row.split(",") for row in result.stdout.splitlines()[1:]]
    assert [float(row[1]) for row in rows] == points["mean"]


BAD = {
    "model_settings__noise": ("-1", "nan", "1e400", "abc()", "__import__('os')", "9**9**9", "(" * 999, "lambda: 1"),
    "model_settings__dim": ("0", "2.5", "1e9", "100000", "-3", "[[[1]]]", "g"),
    "model_settings__penalty": ("-g", "1/0", "2^3", "1,2", "x" * 3000),
    "model_settings__design": ("other", "1"),
    "model_settings__nothing": ("1",),
    "workflow_settings__real": ("old",),
    "samples": ("", "0", "1e7", "inf", "-5", "5,6", "g-9", "9" * 400),
    "generations": ("", "0", "1.5", "1001", "g", "10,20"),
    "model": ("os", "", "KernelRidge", "gaussian"),
    "workflow": ("Weighted", "x"),
}


@pytest.mark.usefixtures("unchecked")
def test_bad_numbers_are_refused_in_a_sentence(server):
    for name, texts in BAD.items():
        for text in texts:
            said = refused(server, changed(RIDGE, **{name: text}))
            assert 10 < len(said) < 700, (name, text, said)
    assert "at most 1,000 on this page" in refused(server, changed(RIDGE, model_settings__dim="100000"))
    for replications in ("1", "100001", "1.5", "", "many"):
        assert refused(server, changed(WALK, replications=replications), "points")
    for question in ([], 3, {}, {"model": 1}, changed(RIDGE, samples=3), changed(RIDGE, model_settings=[])):
        assert refused(server, question)
    assert answered(server, "curve", RIDGE)["metrics"]


def test_a_browser_that_goes_away_and_others_that_come(server):
    for sent in (
        b"",
        b"POST / HTTP/1.1\r\n",
        f"POST /{server.secret}/curve HTTP/1.1\r\nContent-Length: 9\r\n".encode(),
    ):
        with socket.create_connection(("127.0.0.1", server.server_port), timeout=PATIENCE) as gone:
            gone.sendall(sent)
    found = {}

    def tab(number):
        asked = changed(WALK, model_settings__variance=str(number))
        found[number] = answered(server, "curve", asked)["metrics"]["squared_error"]["curve"][0]

    tabs = [threading.Thread(target=tab, args=(number,)) for number in range(1, 5)]
    for one in tabs:
        one.start()
    for one in tabs:
        one.join(PATIENCE)
    assert found == {number: pytest.approx(number / 40) for number in range(1, 5)}


def test_every_number_has_a_slider_that_can_be_drawn():
    for known in (_build.models(), _build.workflows()):
        for controls in _controls.offered(known).values():
            for control in controls:
                slider = control.slider
                if slider is not None:
                    assert slider.low <= slider.start <= slider.high and (slider.low > 0 or not slider.log), control
    noise = {control.name: control for control in _controls.offered(_build.models())["LinearRegression"]}["noise"]
    assert noise.start == "0.5" and noise.slider is not None
    assert "KernelRidge" not in _controls.offered(_build.models())


@pytest.mark.slow
def test_every_model_begins_with_settings_that_it_takes(server):
    known = _explorer.known()
    for name, controls in known["models"].items():
        texts = {control["name"]: control["start"] for control in controls}
        asked = {**WALK, "model": name, "workflow": "Replace", "model_settings": texts, "samples": "50"}
        status, _, body = ask(server, "curve", asked)
        assert status == 200, (name, body)


def test_the_program_prints_an_address_and_ends(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(Path(jc.__file__).parents[1]), "JAX_PLATFORMS": "cpu"}
    environment["JAX_COMPILATION_CACHE_DIR"] = str(tmp_path)
    command = [sys.executable, "-m", "jaxcollapse", "explore", "Gaussian", "--no-browser"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        address = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/([\w-]+)/\n", program.stdout.readline())
        connection = http.client.HTTPConnection("127.0.0.1", int(address[1]), timeout=PATIENCE)
        connection.request("GET", f"/{address[2]}/known.json")
        assert strict(connection.getresponse().read().decode())["first"]["model"] == "Gaussian"
        connection.close()
        program.send_signal(signal.SIGINT)
        assert program.wait(PATIENCE) == 130 and "Traceback" not in program.stderr.read()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Gausian"], "there is no model to explore called 'Gausian'; did you mean Gaussian?"),
        (["Gaussian", "Weighted"], "there is no workflow to explore called 'Weighted'"),
    ],
)
def test_refusals(command_line, arguments, message):
    result = command_line("explore", *arguments, "--no-browser")
    assert result.exit_code == 2 and message in " ".join(result.stderr.replace("│", " ").split())


def test_the_page_draws_the_curve_in_a_browser(server, tmp_path):
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium on this machine")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    options += ["--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}"]
    # The clock of the page stands while it waits for the server, however long that compiles.
    command = [browser, *options, "--virtual-time-budget=20000", "--dump-dom", server.address]
    page = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert "Theory: exact" in page and "jc.Gaussian(" in page
    heights = re.findall(r",([\d.]+)", re.search(r'class="theory" d="([^"]+)"', page)[1])
    assert len(set(heights)) > 2  # a metric that moves, which the mean does not
