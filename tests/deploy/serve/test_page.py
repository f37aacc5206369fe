from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from mmexp.deploy.serve.app import Front
from mmexp.deploy.serve.audit import Audit
from mmexp.deploy.serve.dispatcher import Dispatcher
from mmexp.deploy.serve.exchange import Answer, Description, Input, Payload
from mmexp.deploy.serve.limits import Limits
from mmexp.deploy.serve.meters import Meters
from mmexp.deploy.serve.page import page, policy
from mmexp.deploy.serve.server import bound

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
ATTACK = "<img src=x onerror=document.title='owned'>'\"</script><script>document.title='owned'</script>"
METHODS = ("occlusion", "integrated_gradients")
PROBE = """
<script>
addEventListener("load", () => setTimeout(async () => {
  document.querySelector("textarea").value = "a cat";
  document.querySelector("#inputs button").click();
}, 300));
setTimeout(() => document.querySelector("#explain").click(), 1500);
setTimeout(() => {
  document.documentElement.style.width = "375px";
  const edges = [...document.querySelectorAll("main, main *")].map((one) => one.getBoundingClientRect().right);
  document.body.dataset.right = Math.max(...edges);
}, 2500);
</script>
"""


def test_the_page_is_one_text_that_asks_this_server_only() -> None:
    text = page()
    assert text.startswith("<!doctype html>") and not re.search(r"(?:https?:)?//(?!\s)[\w.]+\.\w|@import|url\(", text)
    assert "default-src 'none'" in policy() and "connect-src 'self'" in policy() and "unsafe" not in policy()


def test_the_script_makes_no_markup_of_what_a_run_says() -> None:
    script = page().partition("<script>")[2]
    assert "textContent" in script
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script)


def test_the_page_is_sent_with_its_policy(make: Callable[..., Any]) -> None:
    answer = make().client.get("/")
    assert answer.headers["content-security-policy"] == policy() and answer.text == page()
    assert answer.headers["content-type"].startswith("text/html")


def answered(payloads: Sequence[Payload]) -> list[Answer]:
    scores = {ATTACK: 0.75, "dog": 0.25}
    if payloads[0].want == "contribution":
        said = {"answer": ATTACK, "score": 0.75, "contribution": {ATTACK: 0.5, "image": -0.125}, "without": 0.375}
        return [Answer(200, {"id": "a", **said, "absent": "missing"})]
    if payloads[0].want == "explain":
        text = {"words": True, "parts": [{"name": ATTACK, "value": 0.3}, {"name": "cat", "value": -0.06}]}
        image = {
            "words": False,
            "parts": [{"name": "a", "value": 1.0}],
            "heat_map": {"type": "image/png", "base64": PNG},
        }
        row = {"words": False, "parts": [{"name": ATTACK, "value": 0.3}, {"name": "age", "value": -0.6}]}
        inputs = {
            ATTACK: text,
            "image": image,
            "row": row,
            "audio": {"words": False, "parts": [{"name": "a", "value": None}]},
        }
        return [
            Answer(200, {"id": "a", "answer": ATTACK, "score": 0.75, "method": payloads[0].method, "inputs": inputs})
        ]
    return [Answer(200, {"id": one.id, "label": ATTACK, "score": 0.75, "scores": scores}) for one in payloads]


INPUTS = [
    Input(ATTACK, "text", "text"),
    Input("image", "image", "file", (".png",)),
    Input("audio", "audio", "file", (".wav",)),
    Input("row", "tabular", "json", (), ({"name": ATTACK, "values": [ATTACK]}, {"name": "age"})),
]


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch, fake: Any) -> Iterator[str]:
    """Address of a real server with a fake worker, whose page types and clicks by itself."""
    run: Mapping[str, Description] = {
        "pets": Description(ATTACK, "Classification", INPUTS, methods=METHODS, scored=True)
    }
    monkeypatch.setattr("mmexp.deploy.serve.app.page", lambda: page().replace("</body>", f"{PROBE}</body>"))
    monkeypatch.setattr("mmexp.deploy.serve.app.policy", lambda: _allowing(PROBE))
    dispatcher = Dispatcher([fake(answered, run)], Limits(), Meters())
    app = Front(dispatcher, None, Audit(None), local=True).app()
    with bound("127.0.0.1", 0) as listener:
        options = {"lifespan": "off", "log_config": None, "access_log": False, "ws": "none"}
        server = uvicorn.Server(uvicorn.Config(app, **options))

        async def serve() -> None:
            async with dispatcher:
                dispatcher.meters.expect(run)
                await server.serve([listener])

        thread = threading.Thread(target=lambda: asyncio.run(serve()))
        thread.start()
        pause = threading.Event()
        while not server.started and thread.is_alive():
            pause.wait(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        server.should_exit = True
        thread.join(20)


def _allowing(probe: str) -> str:
    script = probe.partition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return policy().replace("script-src ", f"script-src 'sha256-{digest}' ")


def test_a_person_gets_an_answer_in_a_browser_and_nothing_of_a_run_is_markup(address: str, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium is installed")
    words = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", f"--user-data-dir={tmp_path}"]
    words += ["--window-size=375,800", "--virtual-time-budget=5000", "--dump-dom", address]
    done = subprocess.run([browser, *words], capture_output=True, text=True, timeout=120)
    dom = done.stdout
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    images = re.findall("<img[^>]*>", dom.replace("&lt;img", "").partition("<script>")[0])
    assert "<title>mmexp serve</title>" in dom
    assert images == [f'<img src="data:image/png;base64,{PNG}" alt="occlusion of image">']
    (right,) = re.findall(r'<body data-right="([\d.]+)"', dom)
    assert 300 < float(right) <= 375
    answer = dom.partition('id="answer"')[2]
    assert "score 0.750" in answer and "&lt;img src=x" in answer and 'max="1"' in answer
    assert "-0.125" in answer and "+0.500" in answer and "from 0.375 with all of them missing" in answer
    assert 'class="for10" title="+0.300">&lt;img src=x' in answer and 'class="against2" title="-0.060">cat' in answer
    assert "left out: this method does not apply to it" in answer and "-0.600" in answer
    assert dom.count('type="file"') == 2 and "<textarea" in dom and 'type="number"' in dom
