"""A real browser without a window: Chromium, spoken to over pipes in its DevTools protocol."""

import base64
import contextlib
import itertools
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
# Where .ci/run installs it.
AXE = PROJECT / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE_SECONDS = 120


def chromium():
    """Return the program, or None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


class Browser:
    """A tab of a browser.

    ``requests`` are the addresses that it has asked for, ``complaints`` what it has written to its console.
    """

    def __init__(self, commands, answers):
        self._commands, self._answers, self._buffer = commands, answers, b""
        self._numbers, self._session = itertools.count(1), None
        self.requests, self.complaints = [], []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **arguments):
        """Ask the browser for something, and return its answer."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": arguments}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]

    def _next(self):
        """Return the next message, and take notes of what happens meanwhile."""
        end = time.monotonic() + PATIENCE_SECONDS
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._answers], [], [], max(end - time.monotonic(), 0))
            assert ready, f"the browser has said nothing for {PATIENCE_SECONDS} s"
            found = os.read(self._answers, 2**16)
            assert found, "the browser has ended"
            self._buffer += found
        text, _, self._buffer = self._buffer.partition(b"\0")
        message = json.loads(text)
        event, facts = message.get("method"), message.get("params", {})
        if event == "Network.requestWillBeSent":
            self.requests.append(facts["request"]["url"])
        elif event == "Runtime.exceptionThrown":
            self.complaints.append(facts["exceptionDetails"])
        elif event == "Log.entryAdded" and facts["entry"]["level"] in ("error", "warning"):
            self.complaints.append(facts["entry"])
        elif event == "Runtime.consoleAPICalled" and facts["type"] in ("error", "warning", "assert"):
            self.complaints.append(facts)
        return message

    def open(self, path, language="en"):
        """Open a file in the reader's language."""
        agent = self.run("navigator.userAgent")
        self.call("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=language)
        self.requests.clear()
        self.complaints.clear()
        self.call("Page.navigate", url=Path(path).resolve().as_uri())
        end = time.monotonic() + PATIENCE_SECONDS
        while self.run("location.href === 'about:blank' || document.readyState !== 'complete'"):
            assert time.monotonic() < end, "the page has not loaded"
            time.sleep(0.05)

    def run(self, script):
        """Return what JavaScript comes to, after a promise is kept."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def size(self, width, height):
        """Give the window a size."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def media(self, kind="", **features):
        """Take a medium, ``print``, and a reader's wishes, such as ``prefers_color_scheme="dark"``."""
        wishes = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.call("Emulation.setEmulatedMedia", media=kind, features=wishes)

    def mouse(self, kind, x, y, **facts):
        """Do something with the mouse."""
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **facts)

    def click(self, x, y, count=1):
        """Click at a place."""
        for number in range(1, count + 1):
            self.mouse("mousePressed", x, y, button="left", clickCount=number)
            self.mouse("mouseReleased", x, y, button="left", clickCount=number)

    def drag(self, begin, end):
        """Drag from a place to another."""
        self.mouse("mouseMoved", *begin)
        self.mouse("mousePressed", *begin, button="left", clickCount=1)
        self.mouse("mouseMoved", *end, button="left")
        self.mouse("mouseReleased", *end, button="left", clickCount=1)

    def press(self, key):
        """Press a key."""
        text = {"text": key} if len(key) == 1 else {}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, **(text if kind == "keyDown" else {}))

    def place(self, selector):
        """Return left, top, width and height of an element, scrolled into view."""
        return self.run(
            f"(() => {{ const part = document.querySelector({json.dumps(selector)}); part.scrollIntoView("
            "{block: 'center', behavior: 'instant'}); const box = part.getBoundingClientRect(); "
            "return [box.left, box.top, box.width, box.height]; })()"
        )

    def faults(self):
        """Return what axe-core finds that keeps people from using the page, with all that is folded away open."""
        self.run("for (const part of document.querySelectorAll('details')) part.open = true")
        self.run(AXE.read_text(encoding="utf-8") + "; null")
        found = self.run("axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)")
        return [
            (fault["id"], fault["impact"], [node["html"] for node in fault["nodes"]][:3])
            for fault in found
            if fault["impact"] in ("serious", "critical", "moderate")
        ]

    def picture(self):
        """Return what the window shows, as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])


@contextlib.contextmanager
def browser():
    """Start a browser for a while; it may ask for no name of the network, and has a folder of its own."""
    told, commands = os.pipe()
    answers, telling = os.pipe()
    # A folder that the browser may still be writing to while it ends.
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as home:

        def pipes():
            # Copies first: one of the numbers may be that of the other pipe.
            ends = os.dup(told), os.dup(telling)
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        process = subprocess.Popen(
            [
                chromium(),
                "--headless",
                "--remote-debugging-pipe",
                # Its sandbox is not for root, as in a container; what it opens is our own page.
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--host-resolver-rules=MAP * ~NOTFOUND",
                f"--user-data-dir={home}",
            ],
            preexec_fn=pipes,
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": home},
        )
        os.close(told)
        os.close(telling)
        try:
            yield Browser(commands, answers)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            os.close(commands)
            os.close(answers)
