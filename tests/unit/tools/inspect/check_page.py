#!/usr/bin/env python3
"""Opens pages of distload-inspect --html in headless Chromium: of a damaged model, and of one whose names are markup. Compares what the browser has
made of them with the model, uses the page as a reader does, and looks at screenshots: wide and narrow, light and dark.

Usage: check_page.py --bin DIRECTORY --work DIRECTORY [--browser PROGRAM]
Exits with 77 if there is no Chromium or no PIL, with 1 and a list of differences if something is wrong.
"""
import argparse
import html
import json
import pathlib
import re
import shutil
import subprocess
import sys

import numpy as np

import sample_models

try:
    from PIL import Image
except ImportError:
    Image = None

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
SKIPPED = 77

# Runs in a copy of the page: the page itself allows no script but its own.
PROBE = """
const shown = (selector) => [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility()).length;
const rows = () => shown(".tree li");
const found = {wide: document.documentElement.scrollWidth - document.documentElement.clientWidth, topologies: shown(".topology"), rows: [rows()]};
for (const button of ["close-all", "open-all"]) { document.getElementById(button).click(); found.rows.push(rows()); }
const field = document.getElementById("find");
const find = (text) => { field.value = text; field.dispatchEvent(new Event("input")); found.rows.push(rows()); };
find("DOWN_proj");
found.status = document.getElementById("found").textContent;
find("");
const choice = document.getElementById("topology");
if (choice) {
  choice.selectedIndex = choice.options.length - 1;
  choice.dispatchEvent(new Event("change"));
  found.chosen = document.querySelector(".topology:not([hidden])").id === choice.value;
}
const result = document.createElement("script");
result.type = "application/json";
result.id = "probe";
result.textContent = JSON.stringify(found);
document.body.append(result);
"""


class Check:
    def __init__(self, arguments, browser):
        self.bin = pathlib.Path(arguments.bin)
        self.work = pathlib.Path(arguments.work)
        self.browser = browser
        self.found = []

    def expect(self, holds, otherwise):
        if not holds:
            self.found.append(otherwise)

    def inspect(self, code, *arguments):
        done = subprocess.run([str(self.bin / "distload-inspect"), *map(str, arguments)], capture_output=True, text=True, timeout=60)
        self.expect(done.returncode == code, f"distload-inspect {arguments} ends with {done.returncode}, not {code}: {done.stderr}")

    def browse(self, page, *options):
        """What Chromium prints, and what the page's console says."""
        command = [self.browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr", "--virtual-time-budget=2000",
                   f"--user-data-dir={self.work / 'profile'}", *options, page.absolute().as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=60)
        return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    def dom(self, page):
        text, console = self.browse(page, "--dump-dom")
        self.expect(not console, f"{page.name}: the console says {console}")
        return text

    def probe(self, page, width):
        """What a script finds in a copy of the page that allows it."""
        text = page.read_text()
        without_policy, count = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
        self.expect(count == 1, f"{page.name} has no security policy")
        copy = page.with_suffix(".probed.html")
        copy.write_text(without_policy.replace("</body>", f"<script>{PROBE}</script></body>"))
        dom, console = self.browse(copy, "--dump-dom", f"--window-size={width},900")
        self.expect(not console, f"{copy.name}: the console says {console}")
        return json.loads(re.search(r'id="probe">(.*?)</script>', dom).group(1))

    def screenshot(self, page, width, height, is_dark):
        image_path = self.work / f"{page.stem}-{width}-{'dark' if is_dark else 'light'}.png"
        self.browse(page, f"--screenshot={image_path}", f"--window-size={width},{height}", f"--blink-settings=preferredColorScheme={0 if is_dark else 1}")
        what = image_path.name
        with Image.open(image_path) as image:
            self.expect(image.size == (width, height), f"{what} is {image.size}")
            # A number for each pixel: 0xRRGGBB.
            pixels = np.asarray(image.convert("RGB")).astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
        colours, counts = np.unique(pixels, return_counts=True)
        ground = int(colours[counts.argmax()])
        parts = ground.to_bytes(3, "big")
        self.expect(len(colours) > 100, f"{what} has only {len(colours)} colours")
        self.expect(0.3 < counts.max() / counts.sum() < 0.98, f"{what} has {counts.max() / counts.sum():.2f} of one colour")
        self.expect(max(parts) < 64 if is_dark else min(parts) > 192, f"the ground of {what} is {ground:06x}")
        for top in range(0, height, 300):
            self.expect(len(np.unique(pixels[top:top + 300])) > 20, f"{what} is empty below {top}")
        return set(colours.tolist())

    def check_damaged(self):
        model, page = self.work / "model", self.work / "damaged.html"
        tensors, offsets = sample_models.write_llama(model)
        subprocess.run([self.bin / "distload-verify", "--seal", model], check=True, capture_output=True, timeout=60)
        damaged = "model.layers.3.mlp.up_proj.weight"
        sample_models.flip_byte(model / "model.safetensors", offsets[damaged])
        self.inspect(5, "--verify", "--tp", 2, "--pp", 2, "--html", page, model)

        dom = self.dom(page)
        names = [html.unescape(re.sub("<[^>]*>", "", name)) for name in re.findall(r'<span class="name"><code>(.*?)</code>', dom)]
        # All layers but the damaged one are one row: both have 2 norms, 4 projections, 3 of an MLP, and 2 modules.
        self.expect({"model", "layers", "0-2, 4-5", "3", "embed_tokens.weight", "lm_head.weight"} <= set(names), f"the tree has {names}")
        self.expect(len(names) == 3 + 1 + 1 + 2 * 12, f"the tree has {len(names)} rows: {names}")
        self.expect(f"{len(tensors)} tensors" in dom, "the number of tensors is missing")
        bad = re.findall(r'<strong class="bad">([^<]*)</strong>', dom)
        self.expect(bad == ["1 damaged block"] * 5, f"the tree says {bad}")
        self.expect(re.search(r'<td class="bad">block 0</td>', dom), "the damaged block has no number")
        self.expect(re.search(r'<rect class="damaged" x="\d+" width="1" height="10">', dom), "the map of the file has no damage")
        self.expect("4 ranks: 2 tensor × 2 pipeline × 1 data" in dom, "the topology is missing")

        wide, narrow = self.probe(page, 1280), self.probe(page, 400)
        self.expect(wide["wide"] <= 0 and narrow["wide"] <= 0, f"the page is wider than its window: {wide}, {narrow}")
        at_first, closed, opened, filtered, again = wide["rows"]
        self.expect(at_first == again and closed == 2 and closed < at_first < opened == len(names), f"rows: {wide}")
        self.expect(wide["status"] == "2 rows" and filtered == 8, f"finding down_proj: {wide}")
        self.expect(wide["topologies"] == 1 and wide["chosen"], f"topologies: {wide}")

        light = self.screenshot(page, 1280, 2400, False)
        dark = self.screenshot(page, 1280, 900, True)
        self.screenshot(page, 400, 900, False)
        self.expect(0xB3261E in light and 0xFF8A80 in dark, "a screenshot does not show damage in its colour")

    def check_hostile(self):
        model, page = self.work / "<i>&hostile", self.work / "hostile.html"
        names = sample_models.write_hostile(model)
        self.inspect(0, "--html", page, model)
        dom = self.dom(page)
        title = re.search("<title>(.*?)</title>", dom).group(1)
        self.expect(title == "&lt;i&gt;&amp;hostile - distload", f"the title is {title}")
        self.expect(dom.count("<script") == 1 and "<img" not in dom and dom.count("<style") == 1, "names became elements")
        shown = html.unescape(re.sub("<[^>]*>", "", dom[dom.index("<body"):dom.index("<script")]))
        for name in [*names[:4], "0-1.w", sample_models.EVIL_TEXT]:
            self.expect(name in shown, f"{name} is not shown")
        self.expect("does not fit" in shown or "do not fit" in shown, "no topology is refused")

    def check_itself(self):
        """This test sees what a broken page does."""
        page = self.work / "broken.html"
        text = (self.work / "damaged.html").read_text()
        page.write_text(text.replace("</body>", "<script>document.title = 'taken'</script></body>"))
        dom, console = self.browse(page, "--dump-dom")
        self.expect(any("Content Security Policy" in line for line in console), f"a script that was added is not reported: {console}")
        self.expect("<title>taken" not in dom, "a script that was added ran")
        before = len(self.found)
        page.write_text("<p>nothing</p>")
        self.screenshot(page, 400, 900, False)
        self.expect(len(self.found) > before, "an empty page passes")
        del self.found[before:]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--browser")
    arguments = parser.parse_args()
    browser = arguments.browser or next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None or Image is None:
        print(f"skipped: there is no PIL, or none of {', '.join(BROWSERS)}; tools/setup.sh ci installs them")
        return SKIPPED
    check = Check(arguments, browser)
    shutil.rmtree(check.work, ignore_errors=True)
    check.work.mkdir(parents=True)
    check.check_damaged()
    check.check_hostile()
    check.check_itself()
    for text in check.found:
        print(text)
    return 1 if check.found else 0


if __name__ == "__main__":
    sys.exit(main())
