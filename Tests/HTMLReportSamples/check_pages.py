#!/usr/bin/env python3
"""Opens the sample reports in headless Chromium and checks what Swift's tests cannot see: that the page works.

check_pages.py DIRECTORY: the directory has the pages (write-report-samples); screenshots go beside them.
"""

import base64
import json
import re
import sys
import time
import xml.etree.ElementTree as xml
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

# Machines are noisy: the aim for the largest page is 3 s.
MOST_SECONDS = 10.0
IN_PAGE = Path(__file__).with_name("in_page.js").read_text()
SVG = "{http://www.w3.org/2000/svg}"


class Checks:
    def __init__(self, directory: Path):
        self.directory = directory.resolve()
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in (
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--window-size=1280,1000",
            "--hide-scrollbars",
        ):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.execute_cdp_cmd(
            "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(self.directory / "saved")}
        )
        self.failures = []
        self.page = ""

    def expect(self, what, found, expected=True):
        if found != expected:
            self.failures.append(f"{self.page}: {what}: found {found!r}, expected {expected!r}")
            print(f"FAILED {self.failures[-1]}", flush=True)

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def check(self, name, *arguments):
        """Runs one of in_page.js."""
        return self.script(f"{IN_PAGE}\nreturn checks.{name}(...arguments);", *arguments)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def scheme(self, name):
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": name}]}
        )

    def open(self, name, fragment=""):
        """Loads a page anew and returns its file's address."""
        self.page = name + fragment
        self.driver.get("about:blank")
        self.quiet()
        address = (self.directory / f"{name}.html").as_uri() + fragment
        self.driver.get(address)
        return address

    def quiet(self):
        """Nothing on the console, nothing requested but the page itself."""
        self.expect("console", [entry["message"] for entry in self.driver.get_log("browser")], [])
        requests = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                requests.append(message["params"]["request"]["url"])
        allowed = ("data:", "about:blank", "blob:", self.directory.as_uri())
        self.expect("requests", [url for url in requests if not url.startswith(allowed)], [])

    def shot(self, name, whole=False):
        if whole:
            size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
            data = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
            (self.directory / f"{name}.png").write_bytes(base64.b64decode(data["data"]))
        else:
            self.driver.save_screenshot(str(self.directory / f"{name}.png"))

    def looks(self):
        """What must hold of whatever is shown now."""
        self.expect("basics", self.check("basics"), [])
        self.expect("figures", self.check("figures"), [])
        for scheme in ("light", "dark"):
            self.scheme(scheme)
            contrasts = self.check("contrasts")
            self.expect(f"texts seen, {scheme}", len(contrasts) > 5)
            self.expect(f"contrast, {scheme}", [text for text in contrasts if text[0] < 4.5][:10], [])
        self.scheme("light")

    def names(self):
        return self.check("names")

    def count(self):
        return self.find("#count").text

    def run(self):
        self.opened_and_looked_at()
        self.sorted_and_filtered()
        self.layers()
        self.keyboard()
        self.saved()
        self.schemes()
        self.map_values()
        self.large()
        self.hostile()
        self.small_pages()
        self.without_script()
        self.quiet()
        self.driver.quit()

    def opened_and_looked_at(self):
        self.open("run")
        self.expect("ready", self.script("return document.documentElement.dataset.ready !== undefined"))
        self.expect("figures", self.script("return document.querySelectorAll('figure svg').length"), 10)
        self.looks()
        for scheme in ("light", "dark"):
            self.scheme(scheme)
            self.script("scrollTo(0, 0)")
            self.shot(f"top-{scheme}")
            self.script("document.getElementById('layers').scrollIntoView()")
            self.shot(f"table-{scheme}")
            self.script("document.querySelector('.figures.small').scrollIntoView()")
            self.shot(f"curves-{scheme}")
        self.scheme("light")
        self.shot("run-whole", whole=True)

    def sorted_and_filtered(self):
        self.open("run")
        names = self.names()
        self.expect("rows", len(names), 210)
        self.expect("count", self.count(), "210 of 210 layers")
        self.expect("count is announced", self.find("#count").get_attribute("aria-live"), "polite")
        headings = self.driver.find_elements(By.CSS_SELECTOR, "#table thead button")
        for column, heading in enumerate(headings):
            found = []
            for direction in ("ascending", "descending"):
                heading.click()
                self.expect(
                    "aria-sort",
                    self.check("sorts"),
                    [direction if other == column else None for other in range(len(headings))],
                )
                keys = self.check("keys", column)
                if not isinstance(keys[0], str):
                    self.expect(f"column {column} {direction}", keys, sorted(keys, reverse=direction == "descending"))
                found.append(keys)
            self.expect(f"column {column} turns around", found[0] != found[1])
        # Numbers in names count as numbers.
        headings[0].click()
        self.expect("by name", [name.split(".")[2] for name in self.names()], [str(n // 7) for n in range(210)])
        self.find("#filter-name").send_keys("layers.7.")
        self.expect("count by name", self.count(), "7 of 210 layers")
        self.find("#filter-role option:nth-child(8)").click()
        self.expect("names", self.names(), ["model.layers.7.mlp.down_proj"])
        self.expect("count by name and role", self.count(), "1 of 210 layers")
        self.find("#filter-name").send_keys(Keys.CONTROL + "a", Keys.DELETE)
        self.expect("count by role", self.count(), "30 of 210 layers")
        both = 0
        for choice in (2, 3):
            self.find(f"#filter-direction option:nth-child({choice})").click()
            both += len(self.names())
        self.expect("both directions", both, 30)
        self.find("#filter-name").send_keys("no such layer")
        self.expect("count of none", self.count(), "0 of 210 layers")

    def shown(self):
        return self.check("shown")

    def focus(self):
        return self.script("return document.activeElement.id || document.activeElement.textContent")

    def layers(self):
        name = "model.layers.11.mlp.down_proj"
        address = self.open("run")
        self.expect("nothing shown", self.shown(), None)
        button = self.driver.find_element(By.XPATH, f"//button[.='{name}']")
        self.script("arguments[0].scrollIntoView({ block: 'center' })", button)
        button.click()
        self.expect("shown by mouse", self.shown(), name)
        self.expect("focus", self.focus(), "layer-name")
        self.expect("address", self.driver.current_url, f"{address}#layer={name}")
        self.expect("figures", self.script("return document.querySelectorAll('#layer figure svg').length"), 3)
        self.looks()
        for scheme in ("light", "dark"):
            self.scheme(scheme)
            self.shot(f"layer-{scheme}")
        self.scheme("light")
        self.find("#next").click()
        self.expect("next", self.shown(), "model.layers.12.self_attn.q_proj")
        self.find("#previous").click()
        self.find("#previous").click()
        self.expect("previous", self.shown(), "model.layers.11.mlp.up_proj")
        self.driver.back()
        self.expect("back", self.shown(), name)
        self.find("#close").click()
        self.expect("closed", self.shown(), None)
        self.expect("focus comes back", self.focus(), name)
        self.expect("address", self.driver.current_url, address)
        # In the order of the table, as sorted and filtered.
        self.find("#filter-role option:nth-child(2)").click()
        for _ in range(2):
            self.find("#table thead th:nth-child(2) button").click()
        self.script("document.querySelector('#table tbody tr:not([hidden]) button').click()")
        self.expect("first", self.shown(), "model.layers.29.self_attn.q_proj")
        self.expect("no layer before the first", self.find("#previous").is_enabled(), False)
        self.find("#next").click()
        self.expect("next in order", self.shown(), "model.layers.28.self_attn.q_proj")
        # On load.
        self.open("run", f"#layer={name}")
        self.expect("shown on load", self.shown(), name)
        self.expect("focus on load", self.focus(), "layer-name")
        self.open("run", "#layer=nothing%20like%it")
        self.expect("an unknown layer", self.shown(), None)

    def keyboard(self):
        self.open("losses")
        seen = []
        for _ in range(60):
            ActionChains(self.driver).send_keys(Keys.TAB).perform()
            element = self.driver.switch_to.active_element
            label = self.script(
                "const e = document.activeElement; return e === document.body ? null : e.outerHTML.slice(0, 90)"
            )
            if label is None or label in seen[:1] and len(seen) > 1:
                break
            seen.append(label)
            visible = self.check("focusIsSeen")
            self.expect(f"focus is seen on {label}", visible)
            if len(seen) == 1:
                self.expect("the skip link comes first", "skip" in label)
                self.expect("and is seen", element.location["y"] >= 0)
        # Two skip links, schemes, 3 links, 10 figures, 3 filters, table, 8 headings, the columns' meanings; no trap.
        self.expect("stops on the way", 25 <= len(set(seen)) < 60)
        self.open("run")
        button = self.driver.find_element(By.XPATH, "//button[.='model.layers.3.mlp.up_proj']")
        self.script("arguments[0].focus()", button)
        button.send_keys(Keys.ENTER)
        self.expect("shown by keyboard", self.shown(), "model.layers.3.mlp.up_proj")
        self.expect("focus", self.focus(), "layer-name")
        ActionChains(self.driver).send_keys(Keys.TAB, Keys.TAB, Keys.SPACE).perform()
        self.expect("next by keyboard", self.shown(), "model.layers.3.mlp.down_proj")
        ActionChains(self.driver).send_keys(Keys.TAB, Keys.TAB, Keys.TAB, Keys.ENTER).perform()
        self.expect("closed by keyboard", self.shown(), None)
        self.expect("focus comes back", self.focus(), "model.layers.3.mlp.down_proj")

    def saved(self):
        """Every kind of figure as a file of its own."""
        folder = self.directory / "saved"
        for scheme in ("light", "dark"):
            self.open("run", "#layer=model.layers.11.mlp.down_proj")
            self.scheme(scheme)
            buttons = self.driver.find_elements(By.CSS_SELECTOR, "button.save")
            self.expect("buttons", len(buttons), 13)
            # Chromium lets a page save ten files: both maps, a role's curves, the bars, and the layer's three.
            chosen = [buttons[index] for index in (0, 1, 2, 9, 10, 11, 12)]
            for button in chosen:
                self.script("arguments[0].scrollIntoView({ block: 'center' })", button)
                button.send_keys(Keys.ENTER)
            for _ in range(100):
                files = sorted(folder.glob("*.svg")) if folder.exists() else []
                if len(files) == len(chosen) and not list(folder.glob("*.crdownload")):
                    break
                time.sleep(0.1)
            self.expect("files", len(files), len(chosen))
            for file in files:
                self.saved_file(file, scheme)
            self.driver.switch_to.new_window("tab")
            for file in files:
                self.page = file.name
                self.driver.get(file.as_uri())
                self.quiet()
                self.shot(f"saved-{file.stem}-{scheme}")
            self.driver.close()
            self.driver.switch_to.window(self.driver.window_handles[0])
            for file in files:
                file.rename(file.with_suffix(f".{scheme}"))
        self.scheme("light")

    def saved_file(self, file, scheme):
        text = file.read_text().replace(SVG[1:-1], "")
        self.expect(
            f"{file.name} stands alone",
            [word for word in ("var(", "class=", "data-", "http") if word in text.replace("data:image", "")],
            [],
        )
        root = xml.parse(file).getroot()
        self.expect(f"{file.name} is SVG", root.tag, SVG + "svg")
        images = len(root.findall(f".//{SVG}image"))
        self.expect(
            f"{file.name} has the pictures of one scheme",
            images,
            2 if file.stem in ("sensitivity", "where-the-loss-is", "which-direction-loses-less") else 0,
        )
        paper = {"light": "rgb(252, 251, 248)", "dark": "rgb(22, 24, 28)"}[scheme]
        self.expect(f"{file.name} has the page's colour", root[0].get("fill"), paper)
        muted = {"light": "rgb(93, 90, 83)", "dark": "rgb(170, 166, 156)"}[scheme]
        self.expect(
            f"{file.name} has ink for texts",
            any(f"fill: {muted}" in e.get("style", "") for e in root.iter(f"{SVG}text")),
        )

    def schemes(self):
        self.open("run")
        paper = "return getComputedStyle(document.body).backgroundColor"
        for system in ("light", "dark"):
            self.scheme(system)
            for choice in ("auto", "light", "dark"):
                self.find(f"input[value={choice}]").click()
                dark = choice == "dark" or (choice, system) == ("auto", "dark")
                self.expect(
                    f"{choice} on {system}", self.script(paper), "rgb(22, 24, 28)" if dark else "rgb(252, 251, 248)"
                )
                self.expect(
                    f"pictures, {choice} on {system}",
                    self.check("pictures"),
                    ["cells on-dark" if dark else "cells on-light"],
                )
        self.scheme("light")
        self.find("input[value=auto]").click()

    def map_values(self):
        """Pictures have the colours of their values: what the pointer reads is what was drawn."""
        self.open("run", "#layer=model.layers.11.mlp.down_proj")
        self.script("document.querySelector('#figure-1').scrollIntoView()")
        target = self.find("#figure-1 rect.target")
        ActionChains(self.driver).move_to_element(target).perform()
        tip = self.find("#tip").text
        self.expect(
            f"the map's tip {tip!r}",
            re.fullmatch(r"block 1[45], o_proj\nloss per-IC / loss per-OC: [0-9.]+", tip) is not None,
        )
        column, row = int(tip.split(",")[0].split()[1]), 3
        self.expect(
            "the tip's value",
            tip.split(": ")[1],
            self.script(
                "return document.querySelector('#figure-1 rect.target').dataset.values.split('\\n')[arguments[0]]",
                row * 30 + column,
            ),
        )
        target = self.find("#layer rect.target")
        self.script("arguments[0].scrollIntoView({ block: 'center' })", target)
        for offset in (0, 1, 2):
            ActionChains(self.driver).move_to_element_with_offset(target, offset, 0).perform()
            time.sleep(0.3)
        tip = self.find("#tip").text
        pattern = r"output 2\d\d–2\d\d, input 7\d\d–7\d\d\nsensitivity: about [0-9.]+×10⁻[⁵-⁹]+"
        self.expect(f"the layer's tip {tip!r}", re.fullmatch(pattern, tip) is not None)
        self.shot("tip")

    def large(self):
        start = time.monotonic()
        self.open("large")
        loaded = time.monotonic() - start
        ready = float(self.script("return document.documentElement.dataset.ready")) / 1000
        opened = self.check("open", 400)
        size = (self.directory / "large.html").stat().st_size
        print(
            f"560 layers with details: {size / 1e6:.1f} MB, interactive after {ready:.2f} s "
            f"(loaded after {loaded:.2f} s), a layer's figures after {opened:.0f} ms",
            flush=True,
        )
        self.expect(f"interactive after {ready} s", ready < MOST_SECONDS)
        self.expect("size", size < 20_000_000)
        self.expect("count", self.count(), "560 of 560 layers")
        self.looks()
        self.find("#close").click()
        for scheme in ("light", "dark"):
            self.scheme(scheme)
            self.script("scrollTo(0, 0)")
            self.shot(f"large-{scheme}")
        self.scheme("light")
        self.shot("large-whole", whole=True)

    def hostile(self):
        self.open("hostile")
        rows = self.script("return document.querySelectorAll('#table tbody tr').length")
        for index in range(rows):
            name = self.script(
                "const button = document.querySelectorAll('#table tbody button')[arguments[0]];"
                "button.click(); return button.textContent",
                index,
            )
            time.sleep(0.05)
            self.expect("shown", self.shown(), name)
            for element in self.driver.find_elements(By.CSS_SELECTOR, "figure svg rect.target"):
                ActionChains(self.driver).move_to_element(element).perform()
        self.expect("title", self.driver.title.startswith("<script>"))
        self.expect(
            "foreign elements",
            self.script("return document.querySelectorAll('img, b, svg script, [onmouseover], [onerror]').length"),
            0,
        )
        self.expect("scripts", self.script("return document.scripts.length"), 2)
        self.expect("basics", [text for text in self.check("basics") if not text.startswith("without a name")], [])
        self.expect("wider than the window", self.script("return document.documentElement.scrollWidth - innerWidth"), 0)
        self.shot("hostile-whole", whole=True)

    def small_pages(self):
        self.open("losses")
        self.expect(
            "no details",
            self.script("return document.querySelectorAll('template, #table tbody button, #layer').length"),
            0,
        )
        self.looks()
        self.shot("losses-whole", whole=True)
        self.open("empty")
        self.expect("basics", self.check("basics"), [])
        self.shot("empty")
        self.open("extreme")
        for index in range(5):
            self.script("document.querySelectorAll('#table tbody button')[arguments[0]].click()", index)
            time.sleep(0.1)
            self.expect("shown", self.shown(), f"layer {index}")
            self.looks()
            self.shot(f"extreme-{index}", whole=True)
        self.driver.set_window_size(500, 900)
        self.open("run", "#layer=model.layers.11.mlp.down_proj")
        self.expect("wider than the window", self.script("return document.documentElement.scrollWidth - innerWidth"), 0)
        self.expect("basics", self.check("basics"), [])
        self.shot("narrow-whole", whole=True)
        self.driver.set_window_size(1280, 1000)
        self.open("run", "#layer=model.layers.11.mlp.down_proj")
        pdf = self.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
        (self.directory / "printed.pdf").write_bytes(base64.b64decode(pdf["data"]))

    def without_script(self):
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        self.open("run")
        self.expect("the note", self.find("noscript .note").is_displayed())
        self.expect("rows", len(self.driver.find_elements(By.CSS_SELECTOR, "#table tbody tr")), 210)
        self.expect(
            "controls",
            [e.text for e in self.driver.find_elements(By.CSS_SELECTOR, ".needs-script") if e.is_displayed()],
            [],
        )
        self.shot("without-script")
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} DIRECTORY")
    checks = Checks(Path(sys.argv[1]))
    checks.run()
    if checks.failures:
        sys.exit(f"{len(checks.failures)} checks failed")
    print("the pages work")
